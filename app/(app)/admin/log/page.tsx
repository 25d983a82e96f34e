import type { Metadata } from "next";
import { OperatorLog } from "../../../_ui/features/admin/actions/operator-log";

export const metadata: Metadata = { title: "Operator log · Operate" };

export default function Page() {
  return <OperatorLog />;
}
