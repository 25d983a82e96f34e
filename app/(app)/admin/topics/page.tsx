import type { Metadata } from "next";
import { Topics } from "../../../_ui/features/admin/topics/topics";

export const metadata: Metadata = { title: "Topics · Operate" };

export default function Page() {
  return <Topics />;
}
