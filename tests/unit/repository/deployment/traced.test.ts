import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tracedFunctions } from "@/scripts/build/traced/functions";

let root: string;
let build: string;

function write(path: string, content: string | number): void {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, typeof content === "string" ? content : "x".repeat(content));
}
const trace = (module: string, files: string[]) => {
  write(module, 10);
  write(`${module}.nft.json`, JSON.stringify({ version: 1, files }));
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tm-traced-"));
  build = join(root, ".next");
  write("node_modules/next/server.js", 1_000);
  write("node_modules/@scope/lib/a.js", 200);
  write("node_modules/lib/b.js", 30);
  trace(".next/next-server.js", ["../node_modules/next/server.js"]);
  trace(".next/server/instrumentation.js", ["../../node_modules/lib/b.js"]);
  trace(".next/server/app/(app)/circle/page.js", []);
  const up = "../../../../../node_modules";
  trace(".next/server/app/api/x/route.js", [`${up}/@scope/lib/a.js`, `${up}/lib/b.js`]);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("the size of a function", () => {
  it("counts its own files, Next's server and the start code, each once", () => {
    expect(tracedFunctions(build)).toMatchObject([
      {
        route: "/api/x",
        bytes: 10 + 1_000 + 200 + 30,
        files: 4,
        parts: [
          { name: "next", bytes: 1_000 },
          { name: "@scope/lib", bytes: 200 },
          { name: "lib", bytes: 30 },
          { name: ".next/server", bytes: 10 },
        ],
      },
      { route: "/circle", bytes: 10 + 1_000 + 30 },
    ]);
  });

  it("is unknown if a traced file is missing, or nothing was built", () => {
    rmSync(join(root, "node_modules/lib/b.js"));
    expect(() => tracedFunctions(build)).toThrow("b.js");
    expect(() => tracedFunctions(join(root, "elsewhere"))).toThrow("run `npm run build` first");
  });

  it("fails `npm run traced` above the platform's limit", () => {
    const run = () => execFileSync("npx", ["--no-install", "tsx", "scripts/build/traced.ts", build], { stdio: "pipe" });
    expect(run().toString()).toContain("/api/x, the largest");
    // Sparse: it takes no room.
    truncateSync(join(root, "node_modules/@scope/lib/a.js"), 250_000_000);
    expect(run).toThrow("Larger than 250.0 MB: /api/x");
  });

  it("fails `npm run traced` if it contains a source file, and names it", () => {
    const run = () => execFileSync("npx", ["--no-install", "tsx", "scripts/build/traced.ts", build], { stdio: "pipe" });
    write("tests/a.test.ts", 10);
    trace(".next/server/app/api/y/route.js", ["../../../../../tests/a.test.ts"]);
    expect(run).toThrow("/api/y contains tests/a.test.ts");
  });
});
