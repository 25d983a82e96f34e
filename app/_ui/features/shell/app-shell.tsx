"use client";
import { useEffect } from "react";
import { SWRConfig } from "swr";
import { useViewOptions } from "@/lib/client/api/view-options";
import { shareStyleNonce } from "@/lib/client/browser/style-nonce";
import { LiveProvider } from "@/lib/client/live/live";
import { ToastProvider } from "../../primitives/overlays/toast";
import { Navigation } from "./navigation";
import { SessionGate } from "./session-gate";

export function AppShell({ children }: { children: React.ReactNode }) {
  useEffect(shareStyleNonce, []);
  // The operators' pages read with SWR directly.
  const options = useViewOptions();
  return (
    <SWRConfig value={options}>
      <ToastProvider>
        <SessionGate>
          <LiveProvider>
            <Navigation>{children}</Navigation>
          </LiveProvider>
        </SessionGate>
      </ToastProvider>
    </SWRConfig>
  );
}
