import type { Metadata } from "next";
import { Mirror } from "../../../_ui/features/admin/status/mirror";

export const metadata: Metadata = { title: "Mirror · Operate" };

export default function Page() {
  return <Mirror />;
}
