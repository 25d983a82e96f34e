import type { Metadata } from "next";
import { Lookup } from "../../../_ui/features/admin/lookup/lookup";

export const metadata: Metadata = { title: "Look up · Operate" };

export default function Page() {
  return <Lookup />;
}
