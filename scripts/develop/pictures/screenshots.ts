/** Takes the README's screenshots: the production build with its own devnet, as one of its people sees it. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "@playwright/test";
import { freePort } from "@/tests/support/servers/free-port";
import { Refusal } from "../../command";

/** A person of the devnet with contacts, a circle and signals. */
const PERSON = "tm-alex-chen";
const PAGES = ["signals", "circle"] as const;
const THEMES = ["light", "dark"] as const;
const SIZE = { width: 1_280, height: 800 };
/** On two cores it takes about ten seconds to open everything and sync the devnet. */
const READY_WITHIN_MS = 120_000;
const POLL_MS = 500;
/** The skeleton of content that is still loading (app/_ui/primitives/skeleton.tsx). */
const SKELETON = "main .animate-breathe";

/** Takes every screenshot, and returns the paths. */
export async function takeScreenshots(browser: Browser): Promise<readonly string[]> {
  if (!existsSync(".next/start.js")) throw new Refusal("There is no production build: run npm run build first.");
  const dataDir = mkdtempSync(join(tmpdir(), "trustmesh-pictures-"));
  const port = await freePort();
  const server = spawn(process.execPath, [".next/start.js"], {
    env: { ...process.env, HEDERA_NETWORK: "devnet", DATA_DIR: dataDir, PORT: String(port), NODE_OPTIONS: "" },
    stdio: "ignore",
  });
  try {
    const base = `http://127.0.0.1:${port}`;
    await ready(base);
    const paths: string[] = [];
    for (const colorScheme of THEMES) paths.push(...(await takeAll(browser, base, colorScheme)));
    return paths;
  } finally {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function takeAll(browser: Browser, base: string, colorScheme: (typeof THEMES)[number]): Promise<string[]> {
  const context = await browser.newContext({ viewport: SIZE, baseURL: base, colorScheme, reducedMotion: "reduce" });
  const answer = await context.request.post("/api/auth/demo", { data: { userId: PERSON } });
  if (!answer.ok()) throw new Refusal(`${PERSON} cannot sign in: ${answer.status()}.`);
  const page = await context.newPage();
  const paths: string[] = [];
  for (const name of PAGES) {
    await page.goto(`/${name}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    // The stream stays open, so the network is never idle. A page has loaded when it is fresh and shows no skeleton.
    await page.locator('[data-testid="freshness"][data-tone="fresh"]:visible').first().waitFor();
    await page.locator(SKELETON).first().waitFor({ state: "detached" });
    const path = `docs/images/${name}-${colorScheme}.png`;
    await page.screenshot({ path });
    paths.push(path);
  }
  await context.close();
  return paths;
}

async function ready(base: string): Promise<void> {
  const untilMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < untilMs) {
    const answer = await fetch(`${base}/api/health/ready`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Refusal("The server did not get ready.");
}
