/** Pages of the TrustMesh web UI that poll a person's own mirror: mirror requests and statements (constant), and CPU for each poll. */
import type { UserId } from "@/lib/core/ledger/ids";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES } from "@/lib/server/routes/table";
import { answer } from "@/tests/support/contract/web-answer";
import { startTestApp, type TestApp } from "@/tests/support/worlds/app";
import { median, spread } from "../../support/statistics";
import type { BenchRow } from "../../types";

const PAGE_COUNTS = [1, 100, 10_000];
const CONTACTS = 3;
/** A page polls every ten seconds. Its browser keeps an answer for 25 seconds, so every third poll of an address gets here. */
const POLL_S = 30;
const SECONDS = 60;
const CPU_POLLS = 2_000;
const CPU_RUNS = 5;

export const names = [
  ...PAGE_COUNTS.map((count) => `ui.mirror_requests_per_min.${count}`),
  "ui.poll_sql_per_s",
  "ui.poll_cpu_us",
];

export async function run(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  let ofOne = 0;
  for (const pages of PAGE_COUNTS) {
    const { requests, statements } = await minuteOf(pages);
    ofOne ||= requests;
    const detail = `${pages} pages polling 4 topics for a minute; ${(requests / ofOne).toFixed(2)} of what one costs`;
    rows.push({ name: `ui.mirror_requests_per_min.${pages}`, value: requests, unit: "requests", detail });
    if (pages === PAGE_COUNTS.at(-1))
      rows.push({
        ...{ name: "ui.poll_sql_per_s", value: statements / SECONDS, unit: "statements" },
        detail: `at most 10; ${pages} pages with ${CONTACTS} contacts each and nothing new, ${statements} statements in ${SECONDS} s`,
      });
  }
  return [...rows, await pollCpu()];
}

const person = (n: number) => `tm-page-${n}`;

/** An app in which each of `pages` people has contacts, and the cookie of each. */
async function withPages(pages: number): Promise<{ t: TestApp; cookies: readonly string[] }> {
  // All requests come from one address, so limits are off.
  const t = await startTestApp({ env: { RATE_LIMITS: "0" } });
  const bonds = Array.from({ length: pages * CONTACTS }, (_, i) => ({
    ...{ type: "CONTACT_ACCEPT", from: person(i % pages), to: `tm-peer-${i}` },
  }));
  t.devnet.submitMany(t.devnet.topics.contact, bonds);
  await t.sync();
  const cookies: string[] = [];
  for (let n = 0; n < pages; n += 1)
    cookies.push((await t.app.sessions.issue(person(n) as UserId)).split(";")[0] as string);
  return { t, cookies };
}

const route: AnyRoute = ROUTES["GET /api/me/api/v1/topics/{topicId}/messages"];

/** One poll of one topic, after the last time that the page saw. Resolves with that time. */
async function poll(
  { app, clock }: TestApp,
  topicId: string,
  cookie: string,
  since: string | null,
): Promise<string | null> {
  const cursor = since === null ? "" : `&timestamp=gt%3A${since}`;
  const url = `http://app.test/api/me/api/v1/topics/${topicId}/messages?limit=100&order=asc${cursor}`;
  const request = new Request(url, { headers: { host: "app.test", cookie } });
  const background = (work: () => Promise<unknown>) => void work().catch(() => {});
  const response = await clock.drive(answer(app, route, { request, params: { topicId }, background }));
  if (response.status !== 200) throw new Error(`a page got ${response.status}`);
  const { messages } = (await response.json()) as { messages: { consensus_timestamp: string }[] };
  return messages.at(-1)?.consensus_timestamp ?? since;
}

/** A minute of polls, evenly spread, of pages that have read everything before. */
async function minuteOf(pages: number): Promise<{ requests: number; statements: number }> {
  const { t, cookies } = await withPages(pages);
  try {
    const topics = Object.values(t.devnet.topics);
    const cursors = new Map<string, string | null>();
    const pollAll = async (n: number) => {
      for (const topic of topics) {
        const key = `${n} ${topic}`;
        cursors.set(key, await poll(t, topic, cookies[n] as string, cursors.get(key) ?? null));
      }
    };
    for (let n = 0; n < pages; n += 1) await pollAll(n);
    await t.clock.advance(2_000);
    t.devnet.requests.reset();
    const before = statementsOf(t);
    if (before === 0) throw new Error("the pages have read nothing, so nothing is counted");
    for (let second = 0; second < SECONDS; second += 1) {
      // A single page polls every second, because many pages together also send polls in every second.
      const due =
        pages < POLL_S
          ? [0]
          : Array.from({ length: Math.ceil(pages / POLL_S) }, (_, i) => i * POLL_S + (second % POLL_S));
      for (const n of due) if (n < pages) await pollAll(n);
      await t.clock.advance(1_000);
    }
    return { requests: t.devnet.requests.counts().total, statements: statementsOf(t) - before };
  } finally {
    await t.close();
  }
}

/** Statements that reads cause, without those of the sync, which looks at its topics whoever reads. */
function statementsOf({ app }: TestApp): number {
  return Object.values(app.stores.stats().byPurpose).reduce((sum, { statements }) => sum + statements, 0);
}

/** CPU of a poll with nothing new, beside the emptiest route of the same table in the same process. */
async function pollCpu(): Promise<BenchRow> {
  const { t, cookies } = await withPages(1);
  try {
    const { contact } = t.devnet.topics;
    const cookie = cookies[0] as string;
    const since = await poll(t, contact, cookie, null);
    const empty: AnyRoute = ROUTES["GET /api/health"];
    const background = () => {};
    const health = async () => {
      const request = new Request("http://app.test/api/health", { headers: { host: "app.test", cookie } });
      await (await t.clock.drive(answer(t.app, empty, { request, params: {}, background }))).text();
    };
    const polls: number[] = [];
    const empties: number[] = [];
    await cpuUs(() => poll(t, contact, cookie, since));
    await cpuUs(health);
    for (let i = 0; i < CPU_RUNS; i += 1) {
      polls.push(await cpuUs(() => poll(t, contact, cookie, since)));
      empties.push(await cpuUs(health));
    }
    const ratio = (median(polls) / median(empties)).toFixed(2);
    return {
      ...{ name: "ui.poll_cpu_us", value: median(polls), unit: "µs CPU" },
      detail: `${ratio} of GET /api/health in the same process (${median(empties).toFixed(0)} µs), without HTTP and Next; ${spread(polls)}`,
    };
  } finally {
    await t.close();
  }
}

/** User and system time of this process for each run of `work`. */
async function cpuUs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < CPU_POLLS; i += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CPU_POLLS;
}
