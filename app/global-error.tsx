"use client";
import { ErrorState } from "./_ui/primitives/states";
import "./globals.css";

export default function GlobalError({ retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body className="grid min-h-dvh place-items-center">
        <title>TrustMesh</title>
        <main>
          <ErrorState
            wholePage
            title="Something went wrong"
            reason="Nothing is lost: everything is on the ledger."
            onRetry={retry}
          />
        </main>
      </body>
    </html>
  );
}
