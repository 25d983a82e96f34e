/**
 * The import table of docs/architecture.md: which layer may import which, and which packages it may use. `npm run lint` checks it.
 * Type-only imports count like all others, unless a rule says otherwise.
 */
const OURS = "^(app|lib|drizzle|bench|scripts|tests)/";
const TESTED_WITH = "^(tests|bench|scripts)/";
const BROWSER = "^(lib/client|app/_ui)/";
/** Pure code that the browser runs too: it checks a proof as the server does, answers a capacity slider without a
 * request, and sorts messages by the one table of types. */
const CORE_IN_THE_BROWSER =
  "^lib/core/(counted|ledger/(ids|consensus-time|running-hash)|capacity/(capacity|costs|uncached|inputs|limits|plan|set-ups/set-ups)|signals/(message-types|signal-batch|batch-dictionary))[.]ts$";
const NEXT_ROUTE = "^lib/server/http/next-route[.]ts$";

/** Files under `from` import, of our own, nothing but `allowed` and themselves. */
const layer = (name, from, ...allowed) => ({
  name,
  severity: "error",
  from: { path: from },
  to: { path: OURS, pathNot: [from, ...allowed] },
});

/** Files under `from` use no package and no module of Node but `allowed`. */
const packages = (name, from, ...allowed) => ({
  name,
  severity: "error",
  from: { path: from },
  to: { pathNot: [OURS, ...allowed] },
});

const npm = (...names) => `(^|/node_modules/|^node_modules/)(${names.join("|")})(/|$)`;

module.exports = {
  forbidden: [
    {
      name: "no-circles",
      comment: "Files that import each other can only be read together. Type-only imports count.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-unresolvable",
      comment: "The wallet connector's packages are installed apart from ours.",
      severity: "error",
      from: { pathNot: "^scripts/build/wallet-connector/connector[.]ts$" },
      to: { couldNotResolve: true },
    },
    {
      name: "product-not-to-tests",
      severity: "error",
      from: { path: "^(app|lib|drizzle)/" },
      to: { path: TESTED_WITH },
    },

    layer("core-imports-nothing", "^lib/core/"),
    packages("core-uses-no-package", "^lib/core/(?!signals/signal-batch[.]ts$)"),
    packages("batches-use-one-pure-package", "^lib/core/signals/signal-batch[.]ts$", npm("fflate")),
    layer("ports-import-core", "^lib/ports/", "^lib/core/"),
    packages("ports-use-no-package", "^lib/ports/"),
    {
      name: "ports-take-types-of-core",
      severity: "error",
      from: { path: "^lib/ports/" },
      to: { path: "^lib/core/", dependencyTypesNot: ["type-only"] },
    },
    layer("engine-imports-core-and-ports", "^lib/engine/", "^lib/(core|ports)/"),
    // A digest of bytes and a bounded map: neither reads a clock, chance or the world.
    packages("engine-uses-no-io", "^lib/engine/", npm("lru-cache"), "^crypto$"),
    {
      name: "adapters-import-core-and-ports",
      comment: "No adapter imports another: an adapter can be replaced alone.",
      severity: "error",
      from: { path: "^lib/adapters/([^/]+)/" },
      to: { path: OURS, pathNot: ["^lib/(core|ports|system)/", "^lib/adapters/$1/", "^drizzle/"] },
    },
    {
      name: "only-postgres-knows-the-schema",
      severity: "error",
      from: { path: "^lib/(?!adapters/postgres/)" },
      to: { path: "^drizzle/" },
    },
    layer("schema-imports-core", "^drizzle/", "^lib/core/"),
    {
      name: "schema-takes-types-of-core",
      severity: "error",
      from: { path: "^drizzle/" },
      to: { path: "^lib/core/", dependencyTypesNot: ["type-only"] },
    },
    layer("wire-imports-core", "^lib/wire/", "^lib/core/"),
    packages("wire-uses-zod", "^lib/wire/", npm("zod")),
    layer("devnet-imports-core", "^lib/devnet/", "^lib/(core|system)/"),
    layer("system-imports-nothing", "^lib/system/"),
    layer("server-imports-the-back", "^lib/server/", "^lib/(core|ports|system|engine|adapters|wire|devnet)/"),
    layer("client-imports-wire", "^lib/client/", "^lib/(wire|core)/"),
    {
      name: "client-uses-react-swr-and-zod",
      comment:
        "It is also a package for applications without Next (scripts/build/client). These three are what that package asks for.",
      severity: "error",
      from: { path: "^lib/client/" },
      to: { pathNot: [OURS, npm("react", "swr", "zod", "@types/react")] },
    },
    layer("primitives-import-nothing", "^app/_ui/primitives/"),
    layer("ui-imports-client-and-wire", "^app/_ui/(?!primitives/)", "^app/_ui/", "^lib/(client|wire|core)/"),
    layer("routes-import-server", "^app/.*route[.]ts$", "^lib/(server|wire|core)/"),
    layer(
      "pages-import-ui-and-server",
      "^app/(?!_ui/)(?!.*route[.]ts$)",
      "^app/_ui/",
      "^lib/(server|wire|core|client)/",
    ),
    {
      name: "browser-takes-types-of-core",
      comment: "Values of core reach a page only where CORE_IN_THE_BROWSER lists the file.",
      severity: "error",
      from: { path: BROWSER },
      to: { path: "^lib/core/", pathNot: CORE_IN_THE_BROWSER, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "browser-uses-no-server-module",
      severity: "error",
      from: { path: BROWSER },
      to: { path: npm("server-only", "next/server.js", "next/headers.js") },
    },
    { name: "browser-uses-no-node", severity: "error", from: { path: BROWSER }, to: { dependencyTypes: ["core"] } },
    {
      name: "one-way-into-next",
      comment: "The server layer runs without Next in tests and commands; one file connects the two.",
      severity: "error",
      from: { path: "^lib/server/", pathNot: NEXT_ROUTE },
      to: { path: npm("next") },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(node_modules|[.]next)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
    skipAnalysisNotInRules: true,
  },
};
