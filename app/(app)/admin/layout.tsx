import { AdminFrame } from "../../_ui/features/admin/frame/admin-frame";

export default function AdminLayout({ children }: { children: React.ReactNode }) {
  return <AdminFrame>{children}</AdminFrame>;
}
