"use client";
import { useOffline } from "next/offline";
import { SkeletonRows } from "../../primitives/skeleton";
import { ErrorState } from "../../primitives/states";

/** The framework looks for the server every three seconds, and at once when the browser says that it is online. */
const lookNow = () => window.dispatchEvent(new Event("online"));

/** Shown while a page loads. The framework keeps it there while the server cannot be reached. */
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
