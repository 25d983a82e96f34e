"use client";
import { useOffline } from "next/offline";
import { SkeletonRows } from "../../primitives/skeleton";
import { ErrorState } from "../../primitives/states";

/** The framework looks for the server every three seconds, and at once when the browser says that it is online. */
const lookNow = () => window.dispatchEvent(new Event("online"));

/** Stands for a page that is on its way. The framework keeps it waiting while the server cannot be reached. */
export function LoadingPage() {
  return useOffline() ? (
    <ErrorState
      wholePage
      title="This page did not open"
      reason="The server cannot be reached. Check your connection."
      onRetry={lookNow}
    />
  ) : (
    <SkeletonRows label="Loading the page" />
  );
}
