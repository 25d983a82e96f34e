/**
 * Measures how soon a browser shows a message: the time from when the mirror has it until the page has drawn it. Runs the production
 * build, a devnet in its own process, and Chromium with the signals page open. The yardstick is the same without a doorbell.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { signalId, toTopicId, type UserId } from "@/lib/core/ledger/ids";
import { type DevnetHandle, spawnDevnet } from "@/lib/devnet/spawn";
import { Sessions } from "@/lib/server/access/session";
import { openBrowser } from "@/scripts/develop/pictures/browser";
import { type ServerProcess, startServerProcess } from "@/tests/support/servers/server-process";
import { ensureProductionBuild } from "../../support/production-build";
import { randomOf } from "../../support/statistics";
import type { BenchRow } from "../../types";

export const names = ["push.p50_ms", "push.p99_ms", "push.idle_mirror_requests_per_min"];

const VIEWER = "tm-viewer" as UserId;
const SECRET = "a secret of the bench that is long enough";
const MESSAGES = 100;
/** 1.1 seconds on average, because the gate gives back at most one pull in each gate period. */
const SPACING_MS = { least: 600, most: 1_600 };
const IDLE_MS = 60_000;
const LAST_MS = 5_000;

interface Measured {
  /** Milliseconds of each message, sorted. */
  readonly tookMs: readonly number[];
  readonly requestsPerMinute: number;
}

export async function run(): Promise<readonly BenchRow[]> {
  ensureProductionBuild();
  const rung = await measured(true);
  const polled = await measured(false);
  const row = (share: number, limitMs: number): BenchRow => ({
    name: `push.p${share * 100}_ms`,
    value: quantile(rung, share),
    unit: "ms",
    detail: `at most ${limitMs.toLocaleString("en")}; ${MESSAGES} messages to one page in Chromium; without the doorbell ${Math.round(quantile(polled, share))}`,
  });
  return [
    row(0.5, 300),
    row(0.99, 1_000),
    {
      name: "push.idle_mirror_requests_per_min",
      value: rung.requestsPerMinute,
      unit: "requests",
      detail: `required: 0 by REST; one page, one minute, 4 topics; by gRPC one subscription to each topic a minute; one look at each topic in ten minutes; without the doorbell ${polled.requestsPerMinute}`,
    },
  ];
}

const quantile = ({ tookMs }: Measured, share: number) =>
  tookMs[Math.min(tookMs.length - 1, Math.ceil(share * tookMs.length) - 1)] as number;

async function measured(hasDoorbell: boolean): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "tm-push-"));
  const devnet = await spawnDevnet({ dataDir: join(folder, "devnet"), people: 200, trickleMs: 0 });
  const server = await startServerProcess({
    ...{ cwd: process.cwd(), args: [join(".next", "start.js")] },
    env: environment(devnet, folder, hasDoorbell),
  });
  const browser = await openBrowser();
  try {
    await server.ready(120_000);
    const page = await openPage(await browser.newPage(), server);
    const tookMs = await push(page, devnet);
    await ask(devnet, "DELETE", "requests");
    await systemClock.sleep(IDLE_MS);
    const { total } = await ask<{ total: number }>(devnet, "GET", "requests");
    return { tookMs, requestsPerMinute: total };
  } finally {
    await browser.close();
    await server.stop();
    await devnet.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function environment(
  { restUrl, mirrorGrpcAddress, topics, operatorId }: DevnetHandle,
  folder: string,
  hasDoorbell: boolean,
) {
  return {
    HEDERA_NETWORK: "custom",
    MIRROR_URL: restUrl,
    ...(hasDoorbell ? { MIRROR_GRPC: mirrorGrpcAddress } : {}),
    TOPIC_CONTACT: topics.contact,
    TOPIC_TRUST: topics.trust,
    TOPIC_RECOGNITION: topics.recognition,
    TOPIC_PROFILE: topics.profile,
    TRUSTED_PAYERS: operatorId,
    SESSION_SECRET: SECRET,
    DATA_DIR: join(folder, "app"),
    HOST: "127.0.0.1",
    STREAM_MAX_S: "3600",
  };
}

async function ask<T>({ restUrl }: DevnetHandle, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${restUrl}/devnet/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`the devnet answered ${response.status} to ${method} ${path}`);
  return (await response.json()) as T;
}

/**
 * Runs in the page, and notes when each signal is drawn: the second frame begins when the first one is on the screen. The code is a
 * string, because the loader that runs the bench rewrites functions.
 */
const NOTES_DRAWN = `
window.drawn = {};
new MutationObserver(() => {
  const rows = [...document.querySelectorAll("[data-signal]")].map((row) => row.getAttribute("data-signal"));
  const news = rows.filter((id) => !(id in window.drawn));
  if (news.length === 0) return;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    for (const id of news) window.drawn[id] ??= Date.now();
  }));
}).observe(document, { childList: true, subtree: true });`;

/** Opens the signals page, which notes when it has drawn each signal. */
async function openPage(page: Page, { url }: ServerProcess): Promise<Page> {
  const signOuts = { isOver: () => false, issueMs: () => systemClock.now() };
  const sessions = new Sessions({ secrets: [SECRET], network: "custom", isSecure: true, clock: systemClock, signOuts });
  const [name = "", value = ""] = ((await sessions.issue(VIEWER)).split(";")[0] ?? "").split(/=(.*)/s);
  // Chromium sends secure cookies to this machine without TLS too.
  await page.context().addCookies([{ name, value, url: url.replace("http:", "https:"), secure: true }]);
  await page.addInitScript(NOTES_DRAWN);
  await page.goto(`${url}/signals`);
  await page
    .getByTestId("freshness")
    .filter({ visible: true, hasText: /^(Up to date|Watching|Ledger quiet)/ })
    .waitFor();
  return page;
}

async function push(page: Page, devnet: DevnetHandle): Promise<readonly number[]> {
  const random = randomOf(7);
  const sent = new Map<string, number>();
  const topicId = toTopicId(devnet.topics.contact);
  for (let i = 0; i < MESSAGES; i += 1) {
    await systemClock.sleep(SPACING_MS.least + random() * (SPACING_MS.most - SPACING_MS.least));
    const message = { type: "CONTACT_REQUEST", from: `tm-sender-${i}`, to: VIEWER };
    const { messages } = await ask<{ messages: { sequence: number; consensusTimestamp: string }[] }>(
      ...([devnet, "POST", "submit", { topicId, message }] as const),
    );
    for (const { sequence, consensusTimestamp } of messages)
      sent.set(signalId(topicId, sequence), Number(consensusTimestamp) * 1_000);
  }
  await systemClock.sleep(LAST_MS);
  const drawn = await page.evaluate(() => (window as unknown as { drawn: Record<string, number> }).drawn);
  return [...sent]
    .map(([id, atMs]) => {
      const drawnMs = drawn[id];
      if (drawnMs === undefined) throw new Error(`the page has not drawn ${id}`);
      return drawnMs - atMs;
    })
    .sort((a, b) => a - b);
}
