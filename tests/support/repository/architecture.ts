/** The rules of style that a machine can hold, apart from those of imports (.dependency-cruiser.cjs). */
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

/** Where a file belongs. `outside`: tests, bench, scripts and what stands in the root. */
export function layerOf(path: string): Layer {
  const [top, second, third] = path.split("/");
  if (top === "lib" && second === "adapters") return `adapters/${third}`;
  if (top === "lib" && second !== undefined) return second as Layer;
  if (path.startsWith("app/_ui/primitives/")) return "primitives";
  if (path.startsWith("app/_ui/")) return "ui";
  if (top === "app") return /(^|\/)route(\.ts)?$/.test(path) ? "routes" : "pages";
  return top === "drizzle" ? "drizzle" : "outside";
}

/** Reading the clock, chance or the environment, by any of their names. */
const CLOCKS =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\)|\bMath\.random\b|\bprocess\.[a-z]|\bset(Timeout|Interval|Immediate)\b|\bperformance\.|\bqueueMicrotask\b|\bcrypto\.(randomUUID|randomBytes|getRandomValues)\b|\brandom(UUID|Bytes|Int)\(|\bfetch\(/g;

/** core, ports and engine get time and chance as data. */
export function clockViolations(file: SourceFile): readonly string[] {
  if (!["core", "ports", "engine"].includes(layerOf(file.path))) return [];
  return [...codeOf(file.text, "blank").matchAll(CLOCKS)].map(([word]) => `${file.path} uses ${word}`);
}

/**
 * Where engine and adapters may read the wall clock, and for what. Everything else that they time is a wait, a lease, a gate, a
 * back-off or an age, and goes by `monotonicMs`: a wall clock that steps must not hold it up.
 */
export const WALL_CLOCK_USES: Readonly<Record<string, string>> = {
  "lib/adapters/memory/memory-hot-cache.ts": "compares with ledger times",
  "lib/adapters/memory/system-clock.ts": "is the clock",
  "lib/adapters/mirror/mirror-ledger.ts": "Retry-After may be a date",
  "lib/engine/sync/anchor.ts": "compares with ledger times",
  "lib/engine/sync/holes.ts": "when a hole was first seen is stored for all instances",
  "lib/engine/health/incidents.ts": "people read since when",
  "lib/engine/sync/mirror-heads.ts": "compares with ledger times",
  "lib/engine/shards/registry-cache.ts": "a shard starts at a ledger time",
  "lib/engine/shards/reshard.ts": "compares with ledger times",
  "lib/engine/writes/sign-outs.ts": "stored, and compared with sessions of any instance",
  "lib/engine/writes/earlier-writes.ts":
    "when a message was made, and which of its transactions is valid, are wall times",
  "lib/engine/writes/invitations.ts": "an invitation says when it ends, and all instances keep it",
  "lib/engine/writes/submit.ts": "signed requests carry a wall time; people read when they submitted",
  "lib/engine/sync/sync-scheduler.ts": "compares with ledger times",
  "lib/engine/reads/tiered-read.ts": "compares with the stored time of a view",
  "lib/engine/reads/view-loader.ts": "a view's time is stored and read by other instances",
};
const WALL_CLOCK = /\bclock\.now\b|\bDate\.now\b|\bnew Date\(\)/i;

/** Reads of the wall clock in engine and adapters by files that have no reason in the table, and reasons that nobody uses. */
export function wallClockViolations(files: readonly SourceFile[]): readonly string[] {
  const timed = files.filter(({ path }) => layerOf(path) === "engine" || layerOf(path).startsWith("adapters/"));
  const uses = new Set(timed.filter(({ text }) => WALL_CLOCK.test(codeOf(text, "blank"))).map(({ path }) => path));
  return [
    ...[...uses].filter((path) => !(path in WALL_CLOCK_USES)).map((path) => `${path} reads the wall clock`),
    ...Object.keys(WALL_CLOCK_USES)
      .filter((path) => !uses.has(path))
      .map((path) => `${path} does not read the wall clock any more: take it off the table`),
  ];
}

export const MAX_LINES = 400;

export function lengthViolations({ path, text }: SourceFile): readonly string[] {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return lines > MAX_LINES ? [`${path} has ${lines} lines`] : [];
}

/** The exports of a package are one list. Our pages import the files themselves. */
const PACKAGE_ENTRY = "lib/client/index.ts";

export function barrelViolations({ path, text }: SourceFile): readonly string[] {
  return path !== PACKAGE_ENTRY && isBarrel(text) ? [`${path} only hands on what others export`] : [];
}

export function serverOnlyViolations({ path, text }: SourceFile): readonly string[] {
  if (layerOf(path) !== "server") return [];
  return /^\s*import\s*["']server-only["']/.test(codeOf(text))
    ? []
    : [`${path} does not start with import "server-only"`];
}

/** `any` where a type stands; the word in a sentence between tags is none. */
const ANY = /(?::\s*|\bas\s+|<\s*|,\s*|\|\s*|=>\s*)any\b(?=\s*(?:\[\]|[>,);=|&{}]|$))/gm;

/** The excuse that the linter accepts. It refuses one without a reason, and one that excuses nothing. */
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
