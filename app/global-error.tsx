"use client";
import { chosenTheme } from "@/lib/client/browser/theme";
import { ErrorState } from "./_ui/primitives/states";
import "./globals.css";

export default function GlobalError({ retry }: { error: unknown; retry: () => void }) {
  // The layout that knows the theme has failed. The browser renders this page, so it reads the cookie itself.
  const theme = typeof document === "undefined" ? "system" : chosenTheme(document.cookie);
  return (
    <html lang="en" {...(theme === "system" ? {} : { "data-theme": theme })}>
      <body className="grid min-h-dvh place-items-center">
        <title>TrustMesh</title>
        <main>
          <ErrorState
            wholePage
            title="Something went wrong"
            reason="Nothing is lost: everything is on the ledger. Try once more."
            onRetry={retry}
          />
        </main>
      </body>
    </html>
  );
}
