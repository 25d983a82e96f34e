/** Compares the platforms' files with the app: its environment, its routes, its limits. */
import { readFileSync } from "node:fs";
import { satisfies, subset } from "semver";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Env, readEnv } from "@/lib/server/config/env";
import { VARIABLES } from "@/lib/server/config/variables";
import { ROUTES } from "@/lib/server/routes/table";
import { COMMANDS } from "@/scripts/build/standalone/commands";
import { sourcesUnder } from "../../../support/repository/source";

const read = (path: string) => readFileSync(path, "utf8");
/** Variables of Node, Next and Vercel's marketplace. All others must be ours. */
const OTHERS = ["NODE_ENV", "NEXT_TELEMETRY_DISABLED", "HOSTNAME", "KV_REST_API_URL", "KV_REST_API_TOKEN"];
const unknown = (names: readonly string[], more: readonly string[] = []) =>
  names.filter((name) => !(name in VARIABLES) && !OTHERS.includes(name) && !more.includes(name));

describe("vercel.json", () => {
  const config = JSON.parse(read("vercel.json")) as {
    functions: Record<string, { maxDuration: number }>;
    crons: { path: string; schedule: string }[];
    regions: string[];
  };
  const routeFiles = sourcesUnder(["app/api"], () => false).map(({ path }) => path);

  it("sets limits of functions that exist", () => {
    for (const pattern of Object.keys(config.functions)) {
      const expression = new RegExp(
        `^${pattern.replaceAll("**", "\u0000").replaceAll(".", "\\.").replace("\u0000", ".+")}$`,
      );
      expect(
        routeFiles.filter((path) => expression.test(path)),
        pattern,
      ).not.toEqual([]);
    }
  });

  it("lets a stream end by itself, and no function run longer than the plan allows", () => {
    const limit = config.functions["app/api/stream/route.ts"]?.maxDuration ?? 0;
    expect(limit).toBeGreaterThanOrEqual(readEnv({}).STREAM_MAX_S + 15);
    for (const { maxDuration } of Object.values(config.functions)) expect(maxDuration).toBeLessThanOrEqual(300);
  });

  it("schedules only routes with GET and a bearer token", () => {
    expect(config.crons.map(({ path }) => path)).toEqual(["/api/cron/sync"]);
    for (const { path, schedule } of config.crons) {
      expect(ROUTES).toHaveProperty([`GET ${path}`]);
      expect(schedule.split(" ")).toHaveLength(5);
    }
  });

  it("names one region, the region of Redis and Postgres", () => {
    expect(config.regions).toHaveLength(1);
  });
});

it("a development server leaves no state that the next one depends on", () => {
  // With it, pages reload without end at a second start, until .next/dev is deleted.
  expect(read("next.config.mjs")).toContain("turbopackFileSystemCacheForDev: false");
});

describe("Dockerfile", () => {
  const lines = read("Dockerfile").replaceAll("\\\n", " ").split("\n");
  const stages = lines.filter((line) => line.startsWith("FROM "));
  const last = lines.slice(lines.lastIndexOf(stages.at(-1) as string));

  it("builds in a separate stage, and runs as a user without rights, with a health check", () => {
    expect(stages).toHaveLength(2);
    expect(last.indexOf("USER node")).toBeGreaterThan(last.findIndex((line) => line.startsWith("RUN ")));
    const check = last.find((line) => line.startsWith("HEALTHCHECK "));
    expect(check).toContain("/api/health`");
    expect(ROUTES).toHaveProperty(["GET /api/health"]);
  });

  it("sets variables that exist, and runs scripts that exist, without install scripts of packages", () => {
    const names = lines
      .filter((line) => line.startsWith("ENV "))
      .flatMap((line) => [...line.matchAll(/([A-Z_]+)=/g)].map(([, name]) => name as string));
    expect(names).toContain("DATA_DIR");
    expect(unknown(names)).toEqual([]);
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const [, name = ""] of lines.join("\n").matchAll(/npm run (\S+)/g)) expect(scripts).toHaveProperty([name]);
    expect(lines.filter((line) => line.includes("npm ci"))).toEqual(["RUN npm ci --ignore-scripts"]);
  });
});

interface Service {
  readonly image: string;
  readonly build?: { readonly args: Record<string, string> };
  readonly environment?: Record<string, string>;
  readonly command?: string[];
  readonly read_only?: boolean;
  readonly tmpfs?: string[];
  readonly cap_drop?: string[];
  readonly healthcheck?: unknown;
  readonly depends_on?: Record<string, { condition: string }>;
}

describe("compose.yaml", () => {
  const { services } = parse(read("compose.yaml"), { merge: true }) as { services: Record<string, Service> };
  const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);

  it("gives the app variables that exist, and all that it needs to start", () => {
    expect(ours.map(([name]) => name)).toEqual(["migrate", "app"]);
    for (const [, { build }] of ours)
      for (const name of Object.keys(build?.args ?? {})) {
        expect(unknown([name])).toEqual([]);
        expect(read("Dockerfile")).toContain(`ARG ${name}\n`);
      }
    for (const [, { environment = {} }] of ours) expect(unknown(Object.keys(environment))).toEqual([]);
    const filled = Object.entries(services.app?.environment ?? {}).map(([name, value]) => [
      name,
      value.replace(/\$\{[^}]+\}/g, "0123456789abcdef"),
    ]);
    const env = readEnv(Object.fromEntries(filled) as Record<string, string>);
    expect(new URL(env.DATABASE_URL as string).hostname in services).toBe(true);
    expect(env.REDIS_URL?.map(({ host }) => host in services)).toEqual([true]);
    // Nothing else answers for Redis in between.
    expect(Object.keys(services)).toEqual(["postgres", "redis", "migrate", "app"]);
  });

  it("lets the app write only in memory, and drops all rights", () => {
    for (const [, service] of ours)
      expect(service).toMatchObject({ read_only: true, tmpfs: ["/tmp"], cap_drop: ["ALL"] });
  });

  it("migrates once before the app starts, and the app does not migrate", () => {
    expect(services.app?.depends_on?.migrate?.condition).toBe("service_completed_successfully");
    expect(services.migrate?.depends_on?.postgres?.condition).toBe("service_healthy");
    expect([services.migrate?.environment?.MIGRATE, services.app?.environment?.MIGRATE]).toEqual(["on", "off"]);
    const [node, file] = services.migrate?.command ?? [];
    expect(node).toBe("node");
    expect(COMMANDS.map((name) => `commands/${name}.mjs`)).toContain(file);
  });

  it("checks the health of services that others wait for, and pins versions", () => {
    for (const { depends_on: waits = {} } of Object.values(services))
      for (const [name, { condition }] of Object.entries(waits))
        if (condition === "service_healthy") expect(services[name]?.healthcheck, name).toBeDefined();
    for (const [name, { image }] of Object.entries(services))
      if (services[name]?.build === undefined) expect(image).toMatch(/:\d/);
  });
});

describe("docs/deploy.md", () => {
  const SET_UPS = ["embedded", "Vercel", "containers"];
  const MARKS = ["needed", "to write", "advised", "by itself", "-"];
  const COMPOSE = ["POSTGRES_PASSWORD"];
  const SAMPLES: Readonly<Record<string, string>> = {
    MIRROR_GRPC: "mirror.test:443",
    HEDERA_NETWORK: "testnet",
    DATABASE_URL: "postgres://u:p@db.example/x",
    KV_REST_API_URL: "https://redis.example",
    REDIS_URL: "redis://redis.example:6379",
    HEDERA_OPERATOR_KEY: "a1".repeat(32),
    APP_DOMAIN: "trustmesh.example",
    TRUST_PROXY_HOPS: "1",
  };
  const sample = (name: string) =>
    SAMPLES[name] ?? (/TOPIC|PAYERS|ACCOUNTS|OPERATOR_ID/.test(name) ? "0.0.5" : "0123456789abcdef0123456789abcdef");
  const rows = [...read("docs/deploy.md").matchAll(/^\| `([A-Z_]+)` +\|(.*)\|$/gm)].map(
    ([, name = "", cells = ""]) => ({ name, marks: cells.split("|").map((cell) => cell.trim()) }),
  );
  const markedOf = (setUp: string, marks: readonly string[]) =>
    rows.filter((row) => marks.includes(row.marks[SET_UPS.indexOf(setUp)] ?? "")).map(({ name }) => name);

  it("names variables that exist, and which set-up needs each", () => {
    expect(rows.length).toBeGreaterThan(15);
    expect(
      unknown(
        rows.map(({ name }) => name),
        COMPOSE,
      ),
    ).toEqual([]);
    for (const { name, marks } of rows)
      expect(
        marks.slice(0, 3).filter((mark) => !MARKS.includes(mark)),
        name,
      ).toEqual([]);
    for (const needed of COMPOSE) expect(read("compose.yaml")).toContain(`\${${needed}:?`);
  });

  it.each(SET_UPS)("names every variable that %s needs to start on a public network", (setUp) => {
    const names = markedOf(setUp, ["needed", "to write", "advised", "by itself"]);
    const given = names.filter((name) => !COMPOSE.includes(name)).map((name) => [name, sample(name)]);
    const vercel = setUp === "Vercel" ? { VERCEL: "1" } : {};
    const env: Env = readEnv({ ...Object.fromEntries(given), ...vercel } as Record<string, string>);
    expect(env.DATABASE_URL === undefined).toBe(setUp === "embedded");
  });

  it.each(SET_UPS)("recommends ADMIN_ACCOUNTS and METRICS_TOKEN for %s", (setUp) => {
    expect(markedOf(setUp, ["advised"])).toEqual(expect.arrayContaining(["ADMIN_ACCOUNTS", "METRICS_TOKEN"]));
  });

  it.each(SET_UPS)("a start on %s without a secret or a topic is refused", (setUp) => {
    const names = markedOf(setUp, ["needed"]).filter((name) => !COMPOSE.includes(name));
    expect(names).toEqual(expect.arrayContaining(["HEDERA_NETWORK", "TOPIC_CONTACT", "SESSION_SECRET"]));
    const env = Object.fromEntries(names.map((name) => [name, sample(name)]));
    expect(() => readEnv({ ...env, SESSION_SECRET: "" })).toThrow("SESSION_SECRET");
    expect(() => readEnv({ ...env, TOPIC_CONTACT: "" })).toThrow("TOPIC_CONTACT");
  });
});

describe("Node", () => {
  const { engines } = JSON.parse(read("package.json")) as { engines: { node: string } };
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; engines?: { node?: string } }>;
  };

  it("versions that we name can run every installed package", () => {
    const narrower = Object.entries(packages).filter(
      ([path, { dev, optional, engines: theirs }]) =>
        path !== "" && !dev && !optional && theirs?.node !== undefined && !subset(engines.node, theirs.node),
    );
    expect(narrower.map(([path]) => path)).toEqual([]);
  });

  it("in the image is a long-term version that we name", () => {
    const version = /^ARG NODE_IMAGE=node:(\d+\.\d+\.\d+)-/m.exec(read("Dockerfile"))?.[1] ?? "";
    expect(satisfies(version, engines.node)).toBe(true);
    // Even lines become long-term versions.
    expect(Number(version.split(".")[0]) % 2).toBe(0);
  });
});
