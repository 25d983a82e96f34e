import type { Metadata } from "next";
import { RecognitionPage } from "../../_ui/features/recognition/recognition-page";

export const metadata: Metadata = { title: "Recognition" };

export default function Page() {
  return <RecognitionPage />;
}
