import { SkeletonRows } from "../_ui/primitives/skeleton";

export default function Loading() {
  return <SkeletonRows label="Loading the page" />;
}
