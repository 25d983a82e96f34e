import type { Metadata } from "next";
import { SignalsPage } from "../../_ui/features/signals/signals-page";

export const metadata: Metadata = { title: "Signals" };

export default function Page() {
  return <SignalsPage />;
}
