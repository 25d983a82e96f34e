import type { Metadata } from "next";
import { Shards } from "../../../_ui/features/admin/shards/shards";

export const metadata: Metadata = { title: "Shards · Operate" };

export default function Page() {
  return <Shards />;
}
