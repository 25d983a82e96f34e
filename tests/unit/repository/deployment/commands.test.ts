/** Every command of package.json: help does nothing, what is not understood is refused before anything is looked at. */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeBundle } from "@/scripts/build/node-bundle";
import { numberOf, UsageError, understand } from "@/scripts/command";
import { latencyTable, quantile, verdictOf } from "@/scripts/develop/load/latency";

type Names = Readonly<Record<string, string>>;
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Readonly<
  Record<"scripts" | "dependencies" | "devDependencies", Names>
>;
/** Loaded as they are, but for the one that expects to be required. */
const packages = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
  (name) => name !== "@next/env",
);
/** Scripts that run one program of ours: `tsx scripts/x.ts`, node with tsx, or what the build makes of server.ts. */
const COMMANDS = Object.entries(manifest.scripts).flatMap(([name, line]) => {
  if (line === "node .next/start.js") return [{ name, path: "server.ts" }];
  const path = /^(?:tsx|node (?:--\S+ )*--import tsx) ((?:scripts|bench)\/[\w/-]+\.ts)$/.exec(line)?.[1];
  return path === undefined ? [] : [{ name, path }];
});
/** Other people's programs, and scripts that run several: these have no arguments of ours. */
const STEPS = [
  "db:generate",
  "build",
  "build:standalone",
  "test",
  "test:set-ups",
  "typecheck",
  "lint",
  "knip",
  "format",
];
/** The first line of a command's usage. */
const usageOf = (name: string) => new RegExp(name === "start" ? "^npm start$" : `^npm run (-s )?${name}`, "m");

const bundles = resolve(".cache", `help-${process.pid}`);
const folder = mkdtempSync(join(tmpdir(), "tm-help-"));
beforeAll(async () => {
  mkdirSync(bundles, { recursive: true });
  await build({
    ...nodeBundle(process.cwd()),
    entryPoints: COMMANDS.map(({ path }) => path),
    outdir: bundles,
    outExtension: { ".js": ".mjs" },
    outbase: ".",
    splitting: true,
    external: packages.flatMap((name) => [name, `${name}/*`]),
  });
});
afterAll(() => {
  for (const path of [bundles, folder]) rmSync(path, { recursive: true, force: true });
});

const bundleOf = (path: string) => join(bundles, path.replace(/\.ts$/, ".mjs"));

/** Runs it where there is nothing, with settings that nothing good can come of. */
function run(path: string, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const file = bundleOf(path);
  const env = { NODE_ENV: "production" as const, HEDERA_NETWORK: "nowhere", DATABASE_URL: "nowhere", PATH: "/none" };
  return new Promise((done) =>
    execFile(process.execPath, ["--conditions=react-server", file, ...args], { cwd: folder, env }, (error, out, err) =>
      done({ code: typeof error?.code === "number" ? error.code : 0, out, err }),
    ),
  );
}

describe("a command of package.json", () => {
  it("is covered by this test: all of them", () => {
    const names = COMMANDS.map(({ name }) => name);
    expect([...names, ...STEPS].sort()).toEqual(Object.keys(manifest.scripts).sort());
    expect(names).toEqual(expect.arrayContaining(["start", "doctor", "migrate", "topic:verify", "topic:decode"]));
  });

  it.concurrent.each(COMMANDS)("prints its usage for --help, and does nothing: $name", async ({ name, path }) => {
    const { code, out, err } = await run(path, "--help");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(usageOf(name));
    expect(readdirSync(folder)).toEqual([]);
  });

  it.concurrent.each(COMMANDS)("refuses unknown words with its usage and status 2: $name", async ({ name, path }) => {
    const { code, out, err } = await run(path, "--no-such-option");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("--no-such-option");
    expect(err).toMatch(usageOf(name));
    expect(readdirSync(folder)).toEqual([]);
  });
});

it.each([
  ["accounts", "frob", "There is no command frob: use list, bind or unbind."],
  ["shards", "frob", "There is no command frob: use one of status, "],
])("%s refuses a command that it does not have before it looks for a database", async (name, word, sentence) => {
  const { code, out, err } = await run(`scripts/operator/${name}.ts`, word);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(sentence);
  expect(err).toContain(`npm run ${name} -- COMMAND`);
});

it("the model of capacity repeats a set-up that it does not know", async () => {
  const { code, err } = await run("scripts/operator/capacity.ts", "--set-up", "gcp");
  expect([code, err]).toEqual([2, expect.stringContaining('--set-up must be vercel or aws, not "gcp".')]);
});

it("a command whose output nobody reads any more still runs to its end", () => {
  // The doctor prints line by line, and the first line that cannot be printed is not the last one.
  const file = bundleOf("scripts/operator/doctor.ts");
  const shell = `{ "$0" --conditions=react-server "$1"; echo "status $?" >&2; } | true`;
  const { stderr } = spawnSync("sh", ["-c", shell, process.execPath, file], { cwd: folder, encoding: "utf8" });
  // The verdict is about this machine.
  expect(stderr).toMatch(/^status [01]\n$/);
});

describe("the words of a command", () => {
  const options = { to: { type: "string" }, json: { type: "boolean" } } as const;
  const spec = { usage: "x", options, words: { least: 1, most: 2 } } as const;

  it("are its options and words", () => {
    expect(understand(spec, ["a", "--to", "3"])).toEqual({ values: { to: "3" }, words: ["a"] });
  });

  it.each([[["--help"]], [["a", "-h"]], [["--wrong", "--help"]]])("ask for help, right or wrong: %j", (args) => {
    expect(understand(spec, args)).toBeNull();
  });

  it.each([
    [[], "An argument is missing: add it as shown here."],
    [["a", "b", "c"], "There is no argument c here: leave it out."],
    [["a", "--wrong"], "There is no option --wrong: use the options shown here, or leave it out."],
    [["a", "--wrong=5"], "There is no option --wrong: use the options shown here, or leave it out."],
    [["a", "-x"], "There is no option -x: use the options shown here, or leave it out."],
    [["a", "--no-json"], "There is no option --no-json: use the options shown here, or leave it out."],
    [["a", "--to"], "--to needs a value: write --to and the value after it."],
    [["a", "--to="], "--to needs a value: write --to and the value after it."],
    [["a", "--to", "--json"], "--to needs a value: write --to and the value after it."],
    [["a", "--json=5"], "--json takes no value. Leave it out."],
  ])("that are invalid are refused in our words: %j", (args, sentence) => {
    expect(() => understand(spec, args)).toThrow(new UsageError(sentence));
  });

  it("may hold a number below zero, and a value that begins with a dash", () => {
    expect(understand(spec, ["a", "--to", "-5"])?.values).toEqual({ to: "-5" });
    expect(understand(spec, ["a", "--to=-x"])?.values).toEqual({ to: "-x" });
  });
});

describe("a number of an option", () => {
  const whole = { least: 1, most: 1_200, isWhole: true };

  it("is that number, or its default", () => {
    expect([numberOf("months", "6", 12, whole), numberOf("months", undefined, 12, whole)]).toEqual([6, 12]);
    expect(numberOf("factor", "0.5", 20)).toBe(0.5);
  });

  it.each(["1.5", "0", "1201", "-5", "six", " "])(
    "that the option cannot take is refused, with its range: %j",
    (text) => {
      const sentence = `--months must be a whole number from 1 to 1,200, not "${text}".`;
      expect(() => numberOf("months", text, 12, whole)).toThrow(new UsageError(sentence));
    },
  );

  it.each(["-5", "Infinity", "1e12"])("has a range where none is given: %s", (text) => {
    expect(() => numberOf("users", text, 0)).toThrow("--users must be a number from 0 to 100,000,000,000");
  });
});

describe("the report of a load run", () => {
  const figures = { readMs: [1, 2, 3, 400], writeMs: [30], failures: 0, firstFailure: null };

  it("has p50 and p99 of the requests", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2);
    expect(quantile([], 0.5)).toBeNull();
    expect(latencyTable(figures)).toMatch(/reads +4 +2\.0 ms +400 ms\nwrites +1 +30 ms +30 ms/);
    expect(latencyTable({ ...figures, writeMs: [] })).toMatch(/writes +0 +none +none/);
  });

  it("says whether the set-up keeps up", () => {
    expect(verdictOf(figures)).toMatchObject({ keepsUp: true });
    expect(verdictOf({ ...figures, failures: 2, firstFailure: "a read was answered 503" })).toEqual({
      keepsUp: false,
      sentence: "The set-up does not keep up: 2 requests failed (a read was answered 503).",
    });
    expect(verdictOf({ ...figures, readMs: [5_000] })).toMatchObject({ keepsUp: false });
    expect(verdictOf({ ...figures, readMs: [], writeMs: [] })).toMatchObject({ keepsUp: false });
  });
});
