/** The build that is there, on dependencies of production alone, none of whose install scripts has run. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type ServerProcess, startServerProcess } from "../support/servers/server-process";

const folder = mkdtempSync(join(tmpdir(), "tm-no-scripts-"));
let server: ServerProcess | undefined;
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("starts and serves without any install script", async () => {
  for (const name of [
    "package.json",
    "package-lock.json",
    ".npmrc",
    "next.config.mjs",
    "tsconfig.json",
    "lib",
    "drizzle",
    ".next",
  ])
    cpSync(name, join(folder, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !/^\.next\/(cache|dev)/.test(path),
    });
  execFileSync("npm", ["ci", "--omit=dev", "--prefer-offline"], { cwd: folder, stdio: "pipe" });

  server = await startServerProcess({
    cwd: folder,
    args: [join(".next", "start.js")],
    env: { DATA_DIR: join(folder, "data") },
  });
  await server.ready();
  const page = await fetch(`${server.url}/sign-in`);
  expect(await page.text()).toContain("</html>");
  const signIn = await fetch(`${server.url}/api/auth/demo`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"userId":"tm-alex-chen"}',
  });
  const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const contacts = await fetch(`${server.url}/api/contacts`, { headers: { cookie } });
  expect(((await contacts.json()) as { count: number }).count).toBeGreaterThan(0);
  // The SDK and its protobufs, on their way to the (local) ledger.
  const submitted = await fetch(`${server.url}/api/hcs/submit`, {
    method: "POST",
    headers: { cookie, "content-type": "application/json" },
    body: JSON.stringify({
      ...{ type: "PROFILE_UPDATE", from: "tm-alex-chen", nonce: Date.now(), ts: Math.floor(Date.now() / 1_000) },
      payload: { displayName: "Alex" },
    }),
  });
  expect(await submitted.json()).toMatchObject({ ok: true });
});
