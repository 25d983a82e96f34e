import { LoadingPage } from "../_ui/features/shell/page-opening";

export default function Loading() {
  return <LoadingPage />;
}
