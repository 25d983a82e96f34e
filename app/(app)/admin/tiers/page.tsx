import type { Metadata } from "next";
import { Tiers } from "../../../_ui/features/admin/status/tiers";

export const metadata: Metadata = { title: "Tiers · Operate" };

export default function Page() {
  return <Tiers />;
}
