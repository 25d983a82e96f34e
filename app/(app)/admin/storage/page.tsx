import type { Metadata } from "next";
import { Storage } from "../../../_ui/features/admin/status/storage";

export const metadata: Metadata = { title: "Storage · Operate" };

export default function Page() {
  return <Storage />;
}
