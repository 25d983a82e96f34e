import type { Metadata } from "next";
import { Audit } from "../../../_ui/features/admin/actions/operator-log";

export const metadata: Metadata = { title: "Audit log · Operate" };

export default function Page() {
  return <Audit />;
}
