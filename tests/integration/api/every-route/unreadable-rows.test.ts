/** Rows that are damaged, or of a format that this version does not know: left out and counted, on every route and in streams. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnyRoute } from "@/lib/server/http/route";
import { createLog } from "@/lib/server/observe/log";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { SseReader } from "../../../support/sse";
import { damage } from "../../../support/stores/database";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const ME = "tm-reader";
const TOKEN = "token-of-the-operator-of-damaged-rows-0123";
const CANARY = "canary-in-a-damaged-row";
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

const QUERIES: Partial<Record<RouteName, readonly string[]>> = {
  "GET /api/hcs/events": ["?type=contact", "?type=recognition", "?type=profile"],
  "GET /api/profiles": [`?ids=${ME}`],
  "GET /api/hcs/profile": ["?hrl=hcs://11/0.0.1004/1"],
  "GET /api/qr/resolve": ["?c=none"],
};
/** The row of the message is damaged, or nothing was ever there. */
const NOTHING_THERE: ReadonlySet<string> = new Set<RouteName>([
  "GET /api/admin/topics/{topicId}/messages/{sequence}",
  "GET /api/v1/topics/{topicId}/messages/{sequence}",
  "GET /api/v1/topics/messages/{timestamp}",
  "GET /api/hcs/profile",
  "GET /api/qr/resolve",
]);

let t: TestApp;
const lines: string[] = [];
const tables = () =>
  t.app.incidents.current().flatMap(({ code, subject }) => (code === "unreadable-rows" ? [subject] : []));

/** Each damages one thing of the rows of one sequence. */
const DAMAGES: Readonly<Record<string, (sequence: number) => string>> = {
  "flags of a later version": (n) => `UPDATE hcs_messages SET flags = flags + 4096 WHERE (ref & 1023) = ${n}`,
  "a type of a later version": (n) => `UPDATE hcs_messages SET type_no = 999 WHERE (ref & 1023) = ${n}`,
  "a type without its name": (n) => `UPDATE hcs_messages SET type_no = 0, type_name = NULL WHERE (ref & 1023) = ${n}`,
  "a message that is gone": (n) => `DELETE FROM topic_log WHERE (ref & 1023) = ${n}`,
  "a topic that is gone": (n) => `UPDATE hcs_messages SET ref = ref + (77::bigint << 40) WHERE (ref & 1023) = ${n}`,
  "a message of other bytes": (n) => `UPDATE topic_log SET message = '\\xff00ff'::bytea WHERE (ref & 1023) = ${n}`,
  "codes of a later version": (n) => `UPDATE topic_log SET verification = 9, disposition = 0 WHERE (ref & 1023) = ${n}`,
};
const DAMAGED = Object.keys(DAMAGES).length;

beforeAll(async () => {
  t = await startTestApp({ env: { ADMIN_TOKEN: TOKEN, METRICS_TOKEN: TOKEN, CRON_SECRET: TOKEN } });
  const { contact, recognition } = t.devnet.topics;
  t.devnet.submitMany(
    contact,
    Array.from({ length: DAMAGED + 2 }, (_, i) => ({ type: "CONTACT_REQUEST", from: `tm-${i}`, to: ME, note: CANARY })),
  );
  t.devnet.submitMany(recognition, [
    { kind: "RECOGNITION_DEFINITION", actor: "tm-0", id: "kind", title: "Kind" },
    Buffer.concat([
      BOM,
      Buffer.from('{"kind":"RECOGNITION_DEFINITION","actor":"tm-0","id":"marked","title":"Marked"}'),
    ]),
    { kind: "RECOGNITION_MINT", recognitionId: "marked", owner: ME, actor: "tm-0" },
  ]);
  await t.sync();
  Object.assign(
    t.app.log,
    createLog((line) => void lines.push(line), false),
  );
});
afterAll(() => t.close());

it("a row with a byte order mark is readable for every reader of messages", async () => {
  const { items } = await t.json<{ items: { json: { title?: string } }[] }>("/api/hcs/events?type=recognition", "tm-x");
  expect(items.map(({ json }) => json.title)).toEqual(["Kind", "Marked"]);
  expect(JSON.stringify(await t.json("/api/recognition", ME))).toContain("Marked");
  expect(tables()).toEqual([]);
});

describe("damaged rows", () => {
  beforeAll(async () => {
    for (const [i, statement] of Object.values(DAMAGES).entries()) {
      await damage(`${statement(i + 1)} AND ref < (2::bigint << 40)`);
    }
    await damage("UPDATE recognition_definitions SET consensus_ns = -5 WHERE definition_id = 'kind'");
    await damage(
      `INSERT INTO admin_audit (at_ms, updated_ms, actor, action, state, detail) VALUES (1, 1, 'somebody', 'topic.audit', 'done', '{"${CANARY}')`,
    );
    t.app.l1.expireAll();
    t.app.definitions.value += 1;
  });

  // Routes that hand a request on to a mirror read no row.
  const reads = (Object.keys(ROUTES) as RouteName[]).filter(
    (name) => name.startsWith("GET") && !name.includes("{resource}"),
  );
  it.each(reads)("break no answer: %s", async (name) => {
    const route: AnyRoute = ROUTES[name];
    const path = (name.split(" ")[1] as string)
      .replace("{topicId}", t.devnet.topics.contact)
      .replace("{sequence}", "7")
      .replace("{timestamp}", "1795392000.5")
      .replace("{userId}", ME);
    for (const query of QUERIES[name] ?? [""]) {
      const headers: Record<string, string> = route.access === "user" ? {} : { authorization: `Bearer ${TOKEN}` };
      const response = await t.ask("GET", path + query, route.access === "user" ? ME : null, { headers });
      expect(NOTHING_THERE.has(name) ? [404] : [200, 403], `${path}${query}`).toContain(response.status);
      await response.body?.cancel();
    }
  });

  it("are left out of pages and streams, and the others are complete", async () => {
    const whole = await t.json<SignalsAnswer>("/api/signals?limit=100", ME);
    const sequences = whole.items.map(({ sequenceNumber }) => sequenceNumber);
    expect(sequences.length).toBeGreaterThanOrEqual(3);
    for (const there of [DAMAGED + 1, DAMAGED + 2]) expect(sequences).toContain(there);
    const paged: string[] = [];
    for (let cursor = ""; ; ) {
      const page = await t.json<SignalsAnswer>(`/api/signals?limit=2${cursor}`, ME);
      paged.push(...page.items.map(({ id }) => id));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(paged).toEqual(whole.items.map(({ id }) => id));
    const reader = new SseReader(await t.ask("GET", "/api/stream?cursor=0", ME));
    await t.clock.advance(10);
    expect(reader.of("signal").map(({ data }) => data.id)).toEqual(
      whole.items.toSorted((a, b) => a.position - b.position).map(({ id }) => id),
    );
    const before = t.app.stores.stats().byPurpose["catch-up"].statements;
    await t.clock.advance(30_000);
    // It does not ask again and again for what cannot be shown.
    expect(t.app.stores.stats().byPurpose["catch-up"].statements).toBe(before);
    await reader.cancel();
    type Page = { items: { sequence_number: number }[]; watermark: string };
    const polled = await t.json<Page>("/api/hcs/events?type=contact", ME);
    expect(polled.items.map(({ sequence_number }) => sequence_number)).toEqual(
      expect.arrayContaining([DAMAGED + 1, DAMAGED + 2]),
    );
    const next = await t.json<Page>(`/api/hcs/events?type=contact&since=${polled.watermark}`, ME);
    expect(next.items).toEqual([]);
  });

  it("are reported once for each table, without their content, and again after ten minutes without one", async () => {
    expect(tables().toSorted()).toEqual(["admin_audit", "hcs_messages", "recognition_definitions", "topic_log"]);
    const told = lines.filter((line) => line.includes("unreadable-rows"));
    expect(told).toHaveLength(4);
    for (const line of lines) expect(line).not.toContain(CANARY);
    await damage("DELETE FROM hcs_messages WHERE flags > 7 OR type_no IN (0, 999) OR ref >= (77::bigint << 40)");
    await damage(
      "DELETE FROM hcs_messages r WHERE NOT EXISTS (SELECT FROM topic_log l WHERE l.ref = r.ref AND l.message <> '\\xff00ff')",
    );
    await t.clock.advance(601_000);
    await t.json<SignalsAnswer>("/api/signals?limit=100", ME);
    expect(tables()).not.toContain("hcs_messages");
    expect(lines.at(-1)).toContain("an incident has ended");
  });
});
