import { LoadingPage } from "../_ui/features/shell/loading-page";

export default function Loading() {
  return <LoadingPage />;
}
