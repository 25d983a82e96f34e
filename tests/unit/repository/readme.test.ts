import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES } from "@/lib/server/routes/table";

const README = readFileSync("README.md", "utf8");
const API = readFileSync("docs/api.md", "utf8");
const cellsOf = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

const routeRows = (page: string) =>
  page
    .split("\n")
    .filter((line) => /^\| `(GET|POST|PUT|PATCH|DELETE) /.test(line))
    .map((line) => `| ${cellsOf(line).join(" | ")} |`);

describe("docs/api.md", () => {
  it("lists every route that is not for operators once, by its own summary", () => {
    const expected = Object.entries<AnyRoute>(ROUTES)
      .filter(([, { access }]) => access !== "admin")
      .map(([name, { summary }]) => `| \`${name}\` | ${summary} |`);
    expect(routeRows(API).sort()).toEqual(expected.sort());
  });
});

describe("README.md", () => {
  it("lists some of these routes in the same words", () => {
    const rows = routeRows(README);
    expect(rows.length).toBeGreaterThan(0);
    expect(routeRows(API)).toEqual(expect.arrayContaining(rows));
  });

  it("has a button for Vercel that asks for the variables that the deployment guide calls needed", () => {
    const needed = [...readFileSync("docs/deploy.md", "utf8").matchAll(/^\| `([A-Z_]+)` +\|(.*)\|$/gm)]
      .filter(([line]) => cellsOf(line)[2] === "needed")
      .map(([, name]) => name);
    const url = new URL(/https:\/\/vercel\.com\/new\/clone[^)\s]+/.exec(README)?.[0] ?? "none:");
    expect(url.searchParams.get("env")?.split(",")).toEqual(needed);
    const products = JSON.parse(url.searchParams.get("products") ?? "[]") as { integrationSlug: string }[];
    expect(products.map(({ integrationSlug }) => integrationSlug)).toEqual(["neon", "upstash"]);
  });

  it("names package.json's version of Node, and commands that exist", () => {
    const { engines, scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
      engines: { node: string };
      scripts: Record<string, string>;
    };
    const [least, ...later] = [...engines.node.matchAll(/\d+\.\d+/g)].map(([version]) => version);
    expect(README).toContain(`Node ${[least, ...later].join(", ")} or newer`);
    for (const page of ["README.md", "CONTRIBUTING.md", "docs/api.md", "docs/deploy.md", "docs/operations.md"])
      for (const [, name = ""] of readFileSync(page, "utf8").matchAll(/npm run (?:-s )?([a-z]+(?:[:-][a-z]+)*)/g))
        expect(scripts, `${page}: npm run ${name}`).toHaveProperty([name]);
  });
});
