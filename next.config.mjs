/** Headers of our files. proxy.ts gives pages theirs. No other address has any here: it may be passed on to UI_ORIGIN. */
const HEADERS = {
  "X-Content-Type-Options": "nosniff",
  // Ids of people are in paths: no other site is told where somebody came from.
  "Referrer-Policy": "same-origin",
  "Permissions-Policy":
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), usb=()",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Frame-Options": "DENY",
};
/** The same as in lib/core/own-addresses.ts. */
const BUILD_PREFIX = "trustmesh-edge";
const FILES = `/:path(${BUILD_PREFIX}/.*|apple-icon.png|icon-192.png|icon-512.png|icon-maskable-512.png|icon.svg|social.png|wallet-connector.js)`;
/** The embedded Postgres (wasm), the SDK and gRPC load files of their own by path. */
const BY_PATH = [
  "@electric-sql/pglite",
  "@hashgraph/sdk",
  "@hiero-ledger/proto",
  "@grpc/grpc-js",
  "@neondatabase/serverless",
  "pg",
  "ws",
];
/** Read as they are rather than bundled: 3 to 4 of the 20 s from `npm run dev` to a first page on two cores. */
const UNBUNDLED_IN_DEVELOPMENT = [
  "@noble/curves",
  "@noble/hashes",
  "@opentelemetry/api",
  "@opentelemetry/core",
  "@opentelemetry/exporter-trace-otlp-http",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-trace-base",
  "@upstash/redis",
  "drizzle-orm",
  "jose",
  "lru-cache",
  "pino",
  "prom-client",
  "zod",
];
const asList = (headers) => Object.entries(headers).map(([key, value]) => ({ key, value }));

/** @type {import("next").NextConfig} */
const config = {
  poweredByHeader: false,
  // The framework's indicator covers something of ours in every corner. It still shows errors over the page.
  devIndicators: false,
  // A folder with all that a server needs and nothing else, for images (scripts/build/standalone.ts); `npm start` does without.
  output: process.env.NEXT_OUTPUT === "standalone" ? "standalone" : undefined,
  // Another build on this origin (UI_ORIGIN) has /_next for itself.
  assetPrefix: `/${BUILD_PREFIX}`,
  // proxy.ts passes requests on as they came, with the parameters and headers of the other build's own navigation.
  skipProxyUrlNormalize: true,
  headers: async () => [
    { source: FILES, headers: asList(HEADERS) },
    {
      source: FILES,
      has: [{ type: "header", key: "x-forwarded-proto", value: "https" }],
      headers: asList({ "Strict-Transport-Security": "max-age=31536000" }),
    },
  ],
  // A killed server leaves a damaged cache: pages reload without end at the next start ("HMR hash mismatch"), until .next/dev is
  // deleted. Without it a second start compiles as long as the first.
  experimental: {
    turbopackFileSystemCacheForDev: false,
    // It makes the next build faster and the first one slower: the tests build once, in a fresh clone.
    turbopackFileSystemCacheForBuild: process.env.NEXT_BUILD_CACHE !== "off",
    // Each file comes with 700 bytes of headers, and small files compress badly: few large files make a first visit cheaper.
    turbopackChunking: { firstPageLoadPriority: 1, requestCost: 2_000_000, minChunkSize: 400_000 },
    // A page that is opened while the server cannot be reached waits inside our shell (features/shell/page-opening.tsx). Without this
    // the browser leaves the app for an error page of its own.
    useOffline: true,
  },
  // The same functions in fewer bytes (scripts/build/browser-zod.ts). Development has the whole.
  turbopack:
    process.env.NODE_ENV === "production"
      ? { resolveAlias: { "zod/mini": { browser: "./.cache/browser-zod.js" } } }
      : {},
  // No image is resized. Without this setting the libraries for it come along.
  images: { unoptimized: true },
  serverExternalPackages: process.env.NODE_ENV === "development" ? [...BY_PATH, ...UNBUNDLED_IN_DEVELOPMENT] : BY_PATH,
};

export default config;
