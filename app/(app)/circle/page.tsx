import type { Metadata } from "next";
import { CirclePage } from "../../_ui/features/circle/circle-page";

export const metadata: Metadata = { title: "Circle" };

export default function Page() {
  return <CirclePage />;
}
