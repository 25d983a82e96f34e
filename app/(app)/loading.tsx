import { LoadingPage } from "../_ui/features/shell/unreachable-page";

export default function Loading() {
  return <LoadingPage />;
}
