import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import { parseTheme, THEME_COOKIE } from "@/lib/client/browser/theme";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "TrustMesh", template: "%s · TrustMesh" },
  description:
    "Contacts, trust and recognition, every message on the Hedera ledger and checked against its hash chain.",
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f4f2ec" },
    { media: "(prefers-color-scheme: dark)", color: "#0f141b" },
  ],
  viewportFit: "cover",
};

/** Dynamic on purpose: the theme is rendered from its cookie, so that no script has to correct it before the first paint. */
export default async function RootLayout({ children }: { children: React.ReactNode }) {
  const theme = parseTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang="en" {...(theme === "system" ? {} : { "data-theme": theme })}>
      <body className="min-h-dvh">{children}</body>
    </html>
  );
}
