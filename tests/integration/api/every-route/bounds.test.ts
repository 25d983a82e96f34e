/** Every route that reads, over a history that somebody paid for to make answers large: each is bounded, and pages lose nothing. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_ANSWER_BYTES, MAX_MESSAGE_BYTES, MAX_READ_BYTES } from "@/lib/core/bounds";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import type { ContactsAnswer } from "@/lib/wire/contacts";
import type { EventsAnswer } from "@/lib/wire/ledger";
import type { ProfilesAnswer, RecognitionAnswer } from "@/lib/wire/recognition";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { SseReader } from "../../../support/sse";
import { damage } from "../../../support/stores/database";
import { startTestApp, type TestApp } from "../../../support/worlds/app";
import { batchOf, PAYER, type PlainSignal } from "../../../support/worlds/histories/batches";

const ME = "tm-victim";
const STRANGER = "tm-stranger";
const TOKEN = "token-of-the-sweep-of-bounds-0123456789";
/** Below what Redis takes, with what is said of an answer's age around it. */
const LARGEST_BYTES = MAX_ANSWER_BYTES + 50_000;
/** The most statements of a route, whatever the database holds: no route sends one for each item that it lists. */
const MOST_STATEMENTS = 12;
/** Three bytes each as UTF-8. */
const wide = (characters: number) => "語".repeat(characters);
const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));

const MANY = 1_500;
const LONG = 60;
const WIDE = 100;
/** Beyond what is shown of a message. */
const TOO_LONG = 2;

let t: TestApp;
const cursors = new Map<TopicId, number>();
async function commit(topicId: TopicId, signals: readonly PlainSignal[]): Promise<void> {
  for (let i = 0; i < signals.length; i += 500) {
    const cursor = cursors.get(topicId) ?? 0;
    const batch = batchOf(topicId, cursor, signals.slice(i, i + 500));
    expect((await t.app.stores.sync.commit(batch)).kind).toBe("committed");
    cursors.set(topicId, batch.advance.to.sequence);
  }
}
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

beforeAll(async () => {
  t = await startTestApp({
    bothEntries: true,
    env: { ADMIN_TOKEN: TOKEN, METRICS_TOKEN: TOKEN, CRON_SECRET: TOKEN, RATE_LIMITS: "0", APP_DOMAIN: "app.test" },
  });
  const { contact, trust, recognition, profile } = t.devnet.topics;
  const said = (type: string, bytes: number): PlainSignal => ({
    ...{ type, actor: STRANGER, target: ME },
    message: json({ type, from: STRANGER, to: ME, recognitionId: "d0", text: "x".repeat(bytes) }),
  });
  const longs = (type: string) => [
    ...times(LONG, () => said(type, 60_000)),
    ...times(TOO_LONG, () => said(type, MAX_MESSAGE_BYTES * 2)),
  ];
  await commit(contact, [
    ...times(
      MANY,
      (i): PlainSignal => ({
        type: "CONTACT_ACCEPT",
        actor: `tm-${i}${wide(36)}`,
        target: ME,
        actorHandle: wide(60),
        actorHrl: wide(200),
      }),
    ),
    ...times(
      MANY,
      (i): PlainSignal => ({
        type: "CONTACT_REQUEST",
        actor: `tm-ask-${i}${wide(36)}`,
        target: ME,
        actorHandle: wide(60),
      }),
    ),
    ...times(MANY, (i): PlainSignal => ({ type: "CONTACT_REQUEST", actor: ME, target: `tm-asked-${i}${wide(36)}` })),
    ...longs("CONTACT_NOTE"),
    // As many as one page reads; what is shown of each is larger than an answer's share for it.
    ...times(WIDE, () => {
      const notes = times(8, () => wide(450));
      const message = json({ type: "CONTACT_WIDE", from: STRANGER, to: ME, notes });
      return { type: "CONTACT_WIDE", actor: STRANGER, target: ME, message };
    }),
  ]);
  await commit(trust, [
    ...times(
      MANY,
      (i): PlainSignal => ({ type: "TRUST_ALLOCATE", actor: `tm-${i}${wide(36)}`, target: ME, weight: 1 }),
    ),
    ...longs("TRUST_NOTE"),
  ]);
  await commit(recognition, [
    ...times(
      3_000,
      (i): PlainSignal => ({
        ...{ type: "RECOGNITION_DEFINITION", actor: STRANGER, definitionId: `d${i}` },
        metadata: { title: wide(120), description: wide(1_000), category: wide(60), slug: `s${i}` },
        message: json({ type: "RECOGNITION_DEFINITION", id: `d${i}` }),
      }),
    ),
    ...times(
      700,
      (i): PlainSignal => ({
        ...{ type: "RECOGNITION_MINT", actor: STRANGER, target: ME },
        message: json({
          type: "RECOGNITION_MINT",
          actor: STRANGER,
          owner: ME,
          recognitionId: `d${i}`,
          note: wide(900),
        }),
      }),
    ),
    ...longs("RECOGNITION_MINT"),
  ]);
  await commit(profile, [
    ...times(
      100,
      (i): PlainSignal => ({
        ...{ type: "PROFILE_UPDATE", actor: `tm-${i}${wide(36)}` },
        metadata: { displayName: wide(60), bio: wide(2_000), avatar: wide(500), profileHrl: wide(200) },
        message: json({ type: "PROFILE_UPDATE" }),
      }),
    ),
    ...longs("PROFILE_NOTE"),
  ]);
  await damage(
    `INSERT INTO topics (topic_id, kinds) SELECT '0.0.' || 70000 + n, '{contact}' FROM generate_series(1, 400) n`,
  );
  await damage(`INSERT INTO topic_gaps (topic_no, from_seq, to_seq, state, first_seen_ms)
    SELECT t.topic_no, n * 3, n * 3, 1, 1790000000000 FROM topics t, generate_series(1, 200) n`);
  await damage(`INSERT INTO admin_audit (at_ms, updated_ms, actor, action, state, detail)
    SELECT n, n, 'operator', 'topic.audit', 'done', '{"error":"${"x".repeat(20_000)}"}' FROM generate_series(1, 250) n`);
  await damage(`INSERT INTO shards (segment, generation, tier, kind, owner, state, topic_id)
    SELECT n, 0, 'enterprise', 'contact', repeat('o', 90), 'active', '0.0.' || 70000 + n FROM generate_series(1, 4000) n`);
  await damage(
    `INSERT INTO tenants (tenant_id, name) SELECT 't' || n || repeat('t', 90), repeat('n', 90) FROM generate_series(1, 3000) n`,
  );
  for (const sequence of times(400, (i) => 900_000 + i)) {
    const metadata = { note: wide(450), more: times(5, () => wide(450)) };
    const decoded = {
      type: "NOTE",
      actor: ME as UserId,
      target: null,
      metadata,
      actorParty: { handle: null, hrl: null },
      targetParty: { handle: null, hrl: null },
    };
    t.app.pending.add(ME as UserId, {
      ...{
        topicId: contact,
        sequence: sequence as Sequence,
        consensusNs: null,
        transactionId: "0.0.2@1.1",
        submittedMs: t.clock.now(),
        decoded,
        author: "payer" as const,
      },
    });
  }
});
afterAll(() => t.close());

const statements = () => Object.values(t.app.stores.stats().byPurpose).reduce((sum, each) => sum + each.statements, 0);

/** One page of an answer, each of which is bounded. */
async function page<T>(path: string): Promise<T> {
  const text = await (await t.ask("GET", path, ME, { withoutBackground: true })).text();
  expect(Buffer.byteLength(text), path).toBeLessThanOrEqual(LARGEST_BYTES);
  return JSON.parse(text) as T;
}

const QUERIES: Partial<Record<RouteName, readonly string[]>> = {
  "GET /api/signals": ["", "?limit=100", "?type=CONTACT_NOTE&limit=100", "?type=CONTACT_WIDE&limit=100"],
  "GET /api/hcs/events": ["contact", "trust", "recognition", "profile"].map((type) => `?type=${type}`),
  "GET /api/profiles": [
    `?ids=${times(100, (i) => encodeURIComponent(`tm-${i}${wide(36)}`)).join(",")}`.slice(0, 6_000),
  ],
  "GET /api/admin/audit-log": ["?limit=200"],
  "GET /api/qr/resolve": ["?c=none"],
  "GET /api/hcs/profile": ["?hrl=hcs://11/0.0.1004/1"],
  "GET /api/v1/topics/{topicId}/messages": [
    "?limit=100",
    "?limit=100&order=desc",
    `?limit=100&encoding=utf8&sequencenumber=gt:${3 * MANY}`,
    "?limit=100&timestamp=gt:1795392000&timestamp=lt:9999999999",
  ],
};
/** Bodies of the routes that are asked here. Routes that change something have their own tests. */
const BODIES: Partial<Record<RouteName, object>> = { "POST /api/sync": {} };
const names = (Object.keys(ROUTES) as RouteName[]).filter((name) => name.startsWith("GET") || name in BODIES);

describe("an answer over a hostile history", () => {
  it.each(names)("is bounded in bytes and in statements: %s", async (name) => {
    const route: AnyRoute = ROUTES[name];
    const [method, template] = name.split(" ") as ["GET" | "POST", string];
    const path = template
      .replace("{topicId}", t.devnet.topics.contact)
      .replace("{sequence}", String(3 * MANY + 1))
      .replace("{timestamp}", "1795392000.5");
    for (const query of QUERIES[name] ?? [""]) {
      const before = statements();
      const headers: Record<string, string> = route.access === "user" ? {} : { authorization: `Bearer ${TOKEN}` };
      const body = BODIES[name];
      const response = await t.ask(method, path + query, route.access === "user" ? ME : null, {
        ...{ headers, withoutBackground: true },
        ...(body === undefined ? {} : { body }),
      });
      expect([200, 404, 503], path + query).toContain(response.status);
      if (route.answer === "text/event-stream") await response.body?.cancel();
      else expect((await response.arrayBuffer()).byteLength, path + query).toBeLessThanOrEqual(LARGEST_BYTES);
      expect(statements() - before, path + query).toBeLessThanOrEqual(MOST_STATEMENTS);
    }
  });
});

it("one page loads no more bytes of messages than its limit", async () => {
  const { views } = t.app.stores;
  const notes = { types: ["TRUST_NOTE"], beforeNs: null, limit: 100, maxRows: 10_000 };
  const pages = [
    await views.signals(ME as UserId, notes),
    await views.events(ME as UserId, "trust", consensusNs(0n), 200),
    await views.recognition(ME as UserId, null, 1_000),
  ];
  for (const { rows } of pages) {
    const bytes = rows.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);
    expect(rows.length).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(MAX_READ_BYTES + MAX_MESSAGE_BYTES);
  }
});

it("pages lead through all signals, whatever each page holds", async () => {
  const seen: string[] = [];
  let cut = 0;
  for (let cursor = ""; ; ) {
    const { items, nextCursor } = await page<SignalsAnswer>(`/api/signals?type=CONTACT_NOTE&limit=100${cursor}`);
    seen.push(...items.filter(({ source }) => source !== "pending").map(({ id }) => id));
    cut += items.filter(({ truncated }) => truncated).length;
    if (nextCursor === null) break;
    cursor = `&cursor=${nextCursor}`;
  }
  expect([seen.length, new Set(seen).size, cut]).toEqual([LONG + TOO_LONG, LONG + TOO_LONG, LONG + TOO_LONG]);
});

it("pages lead through all events of the poll, whatever each page holds", async () => {
  const seen: number[] = [];
  let cut = 0;
  let pages = 0;
  for (let since = "0"; ; pages += 1) {
    const { items, watermark } = await page<EventsAnswer>(`/api/hcs/events?type=trust&since=${since}`);
    seen.push(...items.map(({ sequence_number }) => sequence_number));
    cut += items.filter(({ truncated }) => truncated).length;
    if (watermark === since) break;
    since = watermark;
  }
  // Messages of the bulk are not JSON, and left out; the watermark passes them.
  expect(seen).toEqual(times(LONG + TOO_LONG, (i) => MANY + 1 + i));
  expect(cut).toBe(TOO_LONG);
  expect(pages).toBeGreaterThan(3);
});

it("pages lead through all recognition with definitions, whatever each page holds", async () => {
  const seen: string[] = [];
  for (let cursor = ""; ; ) {
    const { instances, definitions, nextCursor } = await page<RecognitionAnswer>(`/api/recognition${cursor}`);
    seen.push(...instances.map(({ id }) => id));
    const listed = new Set(definitions.map(({ id }) => id));
    for (const { definition, pending, truncated } of instances) {
      if (truncated) continue;
      expect(pending).toBe(false);
      expect(definition).not.toBeNull();
    }
    expect(listed.size).toBeGreaterThan(0);
    if (nextCursor === null) break;
    cursor = `?cursor=${nextCursor}`;
  }
  expect([seen.length, new Set(seen).size]).toEqual([700 + LONG + TOO_LONG, 700 + LONG + TOO_LONG]);
});

it("a stream catches up with every signal, in order", async () => {
  const head = await t.app.stores.views.head(ME as UserId);
  const reader = new SseReader(await t.ask("GET", `/api/stream?cursor=${head - 500}`, ME, { withoutBackground: true }));
  for (let i = 0; i < 50 && reader.of("signal").length < 500; i += 1) await t.clock.advance(10);
  expect(reader.of("signal").map(({ id }) => id)).toEqual(times(500, (i) => head - 499 + i));
  expect(Math.max(...reader.of("signal").map(({ data }) => JSON.stringify(data).length))).toBeLessThan(20_000);
  await reader.cancel();
});

it("strangers' requests push out no contact, and the answer says which lists are cut", async () => {
  const answer = await t.json<ContactsAnswer>("/api/contacts", ME);
  expect(answer.count).toBe(MANY);
  expect(answer.contacts.length).toBeGreaterThan(400);
  expect(answer.requests.incoming.length).toBeGreaterThan(200);
  expect(answer.cappedAt).toEqual({
    contacts: answer.contacts.length,
    incoming: answer.requests.incoming.length,
    outgoing: answer.requests.outgoing.length,
  });
  expect(Object.keys(answer.trustLevels).length).toBeGreaterThan(0);
  const { cappedAt, profiles } = await t.json<ProfilesAnswer>(`/api/profiles?ids=${ME}`, ME);
  expect([cappedAt, profiles.length]).toEqual([undefined, 1]);
});

it("a stranger's three thousand definitions are not in an uninvolved person's answer", async () => {
  expect(t.app.trustedPayers).not.toContain(PAYER);
  const response = await t.ask("GET", "/api/recognition", "tm-uninvolved", { withoutBackground: true });
  const text = await response.text();
  expect(text.length).toBeLessThan(30_000);
  expect((JSON.parse(text) as RecognitionAnswer).definitions.length).toBeLessThanOrEqual(5);
  // Their author sees more of them.
  const own = await t.json<RecognitionAnswer>("/api/recognition", STRANGER);
  expect(own.definitions.length).toBeGreaterThan(40);
});
