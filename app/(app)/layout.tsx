import { renderedData } from "@/lib/server/http/next-route";
import { AppShell } from "../_ui/features/shell/app-shell";

export default async function AppLayout({ children }: { children: React.ReactNode }) {
  return <AppShell rendered={await renderedData()}>{children}</AppShell>;
}
