import type { Metadata } from "next";
import { Capacity } from "../../../_ui/features/admin/capacity/capacity";

export const metadata: Metadata = { title: "Capacity · Operate" };

export default function Page() {
  return <Capacity />;
}
