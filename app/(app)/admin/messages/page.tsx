import type { Metadata } from "next";
import { RejectedMessages } from "../../../_ui/features/admin/topics/rejected-messages";

export const metadata: Metadata = { title: "Rejected messages · Operate" };

export default function Page() {
  return <RejectedMessages />;
}
