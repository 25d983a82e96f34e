import type { Metadata } from "next";
import { Messages } from "../../../_ui/features/admin/topics/rejected-messages";

export const metadata: Metadata = { title: "Odd messages · Operate" };

export default function Page() {
  return <Messages />;
}
