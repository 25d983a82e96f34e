"use client";
import { useEffect } from "react";
import { SWRConfig } from "swr";
import { RenderedSession, RenderedViews } from "@/lib/client/api/views/rendered";
import { useViewOptions } from "@/lib/client/api/views/view-options";
import { shareStyleNonce } from "@/lib/client/browser/style-nonce";
import { LiveProvider } from "@/lib/client/live/live";
import type { Rendered } from "@/lib/wire/rendered";
import { ToastProvider } from "../../primitives/overlays/toast";
import { Navigation } from "./navigation";
import { SessionGate } from "./session-gate";

export function AppShell({ rendered, children }: { rendered: Rendered | null; children: React.ReactNode }) {
  useEffect(shareStyleNonce, []);
  // The operators' pages read with SWR directly.
  const options = useViewOptions();
  return (
    <SWRConfig value={options}>
      <RenderedSession rendered={rendered}>
        <ToastProvider>
          <SessionGate>
            <RenderedViews rendered={rendered}>
              <LiveProvider>
                <Navigation>{children}</Navigation>
              </LiveProvider>
            </RenderedViews>
          </SessionGate>
        </ToastProvider>
      </RenderedSession>
    </SWRConfig>
  );
}
