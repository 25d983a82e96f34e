/** @type {import("next").NextConfig} */
const config = {
  poweredByHeader: false,
  // The embedded Postgres (wasm), the SDK and gRPC load files of their own by path.
  serverExternalPackages: [
    "@electric-sql/pglite",
    "@hashgraph/sdk",
    "@hiero-ledger/proto",
    "@grpc/grpc-js",
    "@neondatabase/serverless",
    "pg",
    "ws",
  ],
};

export default config;
