"use client";
import { useEffect } from "react";
import { mutate, SWRConfig } from "swr";
import { ApiError, isUnauthenticated } from "@/lib/client/api/http";
import { PATHS } from "@/lib/client/api/keys";
import { shareStyleNonce } from "@/lib/client/browser/style-nonce";
import { LiveProvider } from "@/lib/client/live/live";
import { ToastProvider } from "../../primitives/overlays/toast";
import { TooltipProvider } from "../../primitives/overlays/tooltip";
import { Navigation } from "./navigation";
import { SessionGate } from "./session-gate";

const SWR = {
  // The first read after a session has ended finds that out.
  onError: (error: unknown) => {
    if (isUnauthenticated(error)) void mutate(PATHS.session);
  },
  // A retry helps if a server or network is down, but not after a refusal.
  shouldRetryOnError: (error: unknown) => !(error instanceof ApiError) || error.status === 0 || error.status >= 500,
  focusThrottleInterval: 10_000,
};

export function AppShell({ children }: { children: React.ReactNode }) {
  useEffect(shareStyleNonce, []);
  return (
    <SWRConfig value={SWR}>
      <ToastProvider>
        <TooltipProvider>
          <SessionGate>
            <LiveProvider>
              <Navigation>{children}</Navigation>
            </LiveProvider>
          </SessionGate>
        </TooltipProvider>
      </ToastProvider>
    </SWRConfig>
  );
}
