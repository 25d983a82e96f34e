/** Checks rules of style. The rules of imports are in .dependency-cruiser.cjs. */
import { codeOf, isBarrel, type SourceFile } from "./source";

export type Layer =
  | "core"
  | "ports"
  | "engine"
  | `adapters/${string}`
  | "wire"
  | "devnet"
  | "server"
  | "client"
  | "primitives"
  | "ui"
  | "routes"
  | "pages"
  | "drizzle"
  | "outside";

/** The layer of a file. `outside` is tests, bench, scripts and the files in the root. */
export function layerOf(path: string): Layer {
  const [top, second, third] = path.split("/");
  if (top === "lib" && second === "adapters") return `adapters/${third}`;
  if (top === "lib" && second !== undefined) return second as Layer;
  if (path.startsWith("app/_ui/primitives/")) return "primitives";
  if (path.startsWith("app/_ui/")) return "ui";
  if (top === "app") return /(^|\/)route(\.ts)?$/.test(path) ? "routes" : "pages";
  return top === "drizzle" ? "drizzle" : "outside";
}

/** Matches every way to read the clock, chance or the environment. */
const CLOCKS =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\)|\bMath\.random\b|\bprocess\.[a-z]|\bset(Timeout|Interval|Immediate)\b|\bperformance\.|\bqueueMicrotask\b|\bcrypto\.(randomUUID|randomBytes|getRandomValues)\b|\brandom(UUID|Bytes|Int)\(|\bfetch\(/g;

/** Finds uses of the clock, chance or the environment in core, ports and engine, which get them as data. */
export function clockViolations(file: SourceFile): readonly string[] {
  if (!["core", "ports", "engine"].includes(layerOf(file.path))) return [];
  return [...codeOf(file.text, "blank").matchAll(CLOCKS)].map(([word]) => `${file.path} uses ${word}`);
}

/**
 * Files of engine and adapters that may read the wall clock, with the reason. Waits, leases, gates, back-offs and ages use
 * `monotonicMs`, because a wall clock that steps must not delay them.
 */
export const WALL_CLOCK_USES: Readonly<Record<string, string>> = {
  "lib/adapters/memory/memory-hot-cache.ts": "compares with ledger times",
  "lib/adapters/memory/system-clock.ts": "is the clock",
  "lib/adapters/mirror/mirror-ledger.ts": "Retry-After may be a date",
  "lib/engine/sync/topic/history-check.ts": "compares with ledger times",
  "lib/engine/sync/topic/holes.ts": "when a hole was first seen is stored for all instances",
  "lib/engine/health/incidents.ts": "people read since when",
  "lib/engine/repair/drop-old.ts": "compares with ledger times",
  "lib/engine/repair/pack.ts": "compares with ledger times",
  "lib/engine/sync/mirror-heads.ts": "compares with ledger times",
  "lib/engine/shards/registry-cache.ts": "a shard starts at a ledger time",
  "lib/engine/shards/reshard.ts": "compares with ledger times",
  "lib/engine/writes/sign-outs.ts": "stored, and compared with sessions of any instance",
  "lib/engine/writes/earlier-writes.ts":
    "when a message was made, and which of its transactions is valid, are wall times",
  "lib/engine/writes/invitations.ts": "an invitation says when it ends, and all instances keep it",
  "lib/engine/writes/signal-batches.ts": "the transaction of a batch is valid by the ledger's time",
  "lib/engine/writes/slots.ts": "the ledger's time of a trust is compared with now",
  "lib/engine/writes/submit.ts": "signed requests carry a wall time; people read when they submitted",
  "lib/engine/sync/sync-scheduler.ts": "compares with ledger times",
  "lib/engine/reads/tiered-read.ts": "compares with the stored time of a view",
  "lib/engine/reads/view-loader.ts": "a view's time is stored and read by other instances",
};
const WALL_CLOCK = /\bclock\.now\b|\bDate\.now\b|\bnew Date\(\)/i;

/** Files that read the wall clock without a row in the table, and rows whose file no longer reads it. */
export function wallClockViolations(files: readonly SourceFile[]): readonly string[] {
  const timed = files.filter(({ path }) => layerOf(path) === "engine" || layerOf(path).startsWith("adapters/"));
  const uses = new Set(timed.filter(({ text }) => WALL_CLOCK.test(codeOf(text, "blank"))).map(({ path }) => path));
  return [
    ...[...uses].filter((path) => !(path in WALL_CLOCK_USES)).map((path) => `${path} reads the wall clock`),
    ...Object.keys(WALL_CLOCK_USES)
      .filter((path) => !uses.has(path))
      .map((path) => `${path} no longer reads the wall clock: remove it from WALL_CLOCK_USES`),
  ];
}

export const MAX_LINES = 400;

export function lengthViolations({ path, text }: SourceFile): readonly string[] {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return lines > MAX_LINES ? [`${path} has ${lines} lines`] : [];
}

/** Entry of the client package: the one list of its exports. Our own pages import the files themselves. */
const PACKAGE_ENTRY = "lib/client/index.ts";

export function barrelViolations({ path, text }: SourceFile): readonly string[] {
  return path !== PACKAGE_ENTRY && isBarrel(text) ? [`${path} only re-exports other files`] : [];
}

export function serverOnlyViolations({ path, text }: SourceFile): readonly string[] {
  if (layerOf(path) !== "server") return [];
  return /^\s*import\s*["']server-only["']/.test(codeOf(text))
    ? []
    : [`${path} does not start with import "server-only"`];
}

/** Matches `any` as a type, and not the word in a sentence between tags. */
const ANY = /(?::\s*|\bas\s+|<\s*|,\s*|\|\s*|=>\s*)any\b(?=\s*(?:\[\]|[>,);=|&{}]|$))/gm;

/** Matches a suppression with a reason. The linter itself refuses one that suppresses nothing. */
const EXCUSED = /biome-ignore lint\/suspicious\/noExplicitAny: \S/;

export function laxTypeViolations({ path, text }: SourceFile): readonly string[] {
  const lines = text.split("\n");
  const code = codeOf(text, "blank").split("\n");
  const anys = code.flatMap((line, i) =>
    EXCUSED.test(lines[i - 1] ?? "") ? [] : [...line.matchAll(ANY)].map(() => `${path}:${i + 1} uses any`),
  );
  const ignores = [...text.matchAll(/@ts-(ignore|nocheck)/g)].map(([word]) => `${path} uses ${word}`);
  return [...anys, ...ignores];
}
