import type { Metadata } from "next";
import { Mirror } from "../../../_ui/features/admin/mirror";

export const metadata: Metadata = { title: "Mirror · Operate" };

export default function Page() {
  return <Mirror />;
}
