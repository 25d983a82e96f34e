import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import { parseTheme, THEME_COOKIE } from "@/lib/client/browser/theme";
import { publicOrigin } from "@/lib/server/config/public-origin";
import "./globals.css";

const TITLE = "TrustMesh";
const DESCRIPTION =
  "Contacts, trust and recognition, every message on the Hedera ledger and checked against its hash chain.";

/** A shared link has a picture only if the deployment knows its public name, because pictures need absolute addresses. */
export function generateMetadata(): Metadata {
  const origin = publicOrigin(process.env);
  return {
    title: { default: TITLE, template: `%s · ${TITLE}` },
    description: DESCRIPTION,
    manifest: "/manifest.webmanifest",
    icons: { apple: "/apple-icon.png" },
    ...(origin === null
      ? {}
      : {
          metadataBase: new URL(origin),
          openGraph: {
            type: "website",
            siteName: TITLE,
            title: TITLE,
            description: DESCRIPTION,
            images: [{ url: "/social.png", width: 1_200, height: 630, alt: "The mark of TrustMesh" }],
          },
          twitter: { card: "summary_large_image" },
        }),
  };
}

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f4f2ec" },
    { media: "(prefers-color-scheme: dark)", color: "#0f141b" },
  ],
  viewportFit: "cover",
};

/**
 * Rendered on each request on purpose: the theme comes from its cookie, so no script has to correct it before the first paint.
 */
export default async function RootLayout({ children }: { children: React.ReactNode }) {
  const theme = parseTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang="en" {...(theme === "system" ? {} : { "data-theme": theme })}>
      <body className="min-h-dvh">{children}</body>
    </html>
  );
}
