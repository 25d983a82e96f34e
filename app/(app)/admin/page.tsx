import type { Metadata } from "next";
import { Overview } from "../../_ui/features/admin/status/overview";

export const metadata: Metadata = { title: "Operate" };

export default function Page() {
  return <Overview />;
}
