/** A person's own mirror, read as the TrustMesh web UI reads one: page by page, from its cursor, with 200 messages in memory. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import type { PersonalMirrorPage } from "@/lib/wire/personal-mirror";
import { type BrowserStorage, UiReader, type UiTopics } from "../../support/ui/ui-reader";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const BASE = "/api/me/api/v1";
const ME = "tm-ana";

let t: TestApp;
beforeEach(async () => {
  t = await startTestApp({ env: { RATE_LIMITS: "0" } });
});
afterEach(() => t.close());

const topics = () => Object.values(t.devnet.topics) as string[];
const uiTopics = (): UiTopics => {
  const { contact, trust, profile, recognition } = t.devnet.topics;
  return { contacts: contact, trust, profile, signal: recognition, recognition };
};
const post = (topic: "contact" | "trust" | "recognition" | "profile", body: object) =>
  void t.devnet.submit(t.devnet.topics[topic], body);
const bond = (peer: string, me = ME) => {
  post("contact", { type: "CONTACT_REQUEST", from: peer, to: me, handle: `Name of ${peer}` });
  post("contact", { type: "CONTACT_ACCEPT", from: me, to: peer });
};
const trust = (peer: string, me = ME) => post("trust", { type: "TRUST_ALLOCATE", from: me, to: peer, weight: 1 });
const cookieOf = async (userId: string) => (await t.app.sessions.issue(userId as UserId)).split(";")[0] as string;
const ask = (path: string, cookie: string, headers: Record<string, string> = {}) =>
  t.ask("GET", path, null, { headers: { cookie, ...headers } });

/** A browser keeps this, whoever uses it. */
function storage(): BrowserStorage {
  const kept = new Map<string, string>();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => void kept.set(name, value) };
}

interface Browser {
  readonly cookie?: string;
  readonly kept?: BrowserStorage;
  /** Answers come in the order of the topics. */
  readonly topics?: UiTopics;
}

/** A browser in which somebody has just signed in: a new one, or one that others have used. */
async function browser(userId = ME, { cookie, kept = storage(), topics = uiTopics() }: Browser = {}) {
  const own = cookie ?? (await cookieOf(userId));
  const page = async (path: string) => {
    const response = await ask(path, own);
    return response.status === 200 ? ((await response.json()) as PersonalMirrorPage) : null;
  };
  return new UiReader({
    ...{ userId, topics, ask: page, base: BASE, nowMs: () => t.clock.now(), storage: kept },
  });
}
async function seen(reader: UiReader) {
  const [contacts, circle] = [[...reader.contacts().keys()].sort(), [...reader.circle()].sort()];
  return { contacts, circle };
}
async function ours(userId = ME) {
  const contacts = await t.json<{ contacts: { peerId: string; trust: { allocatedTo: number } }[] }>(
    "/api/contacts",
    userId,
  );
  return {
    contacts: contacts.contacts.map(({ peerId }) => peerId).sort(),
    circle: contacts.contacts
      .filter((each) => each.trust.allocatedTo > 0)
      .map(({ peerId }) => peerId)
      .sort(),
  };
}

describe("the web UI's reader", () => {
  it.each([0, 31, 74])(
    "shows the same contacts and circle as our own page for somebody with %i contacts",
    async (count) => {
      for (let n = 0; n < count; n += 1) bond(`tm-peer-${n}`);
      for (let n = 0; n < Math.min(7, count); n += 1) trust(`tm-peer-${n}`);
      for (let n = 0; n < 300; n += 1) bond(`tm-other-${n}`, "tm-stranger");
      await t.sync();
      const reader = await browser();
      await reader.start();
      expect(await seen(reader)).toEqual(await ours());
      expect(reader.contacts().size).toBe(count);
      expect(reader.circle()).toHaveLength(Math.min(7, count));
    },
  );

  it("shows the whole circle and the newest contacts of somebody with 250", async () => {
    for (let n = 0; n < 250; n += 1) bond(`tm-peer-${n}`);
    for (let n = 0; n < 9; n += 1) trust(`tm-peer-${n}`);
    await t.sync();
    const reader = await browser();
    await reader.start();
    const { contacts, circle } = await seen(reader);
    expect(circle).toEqual((await ours()).circle);
    // The reader keeps 200 messages; nine of them are the trust itself.
    expect(contacts).toHaveLength(191);
  });

  it("learns names, bonds, trust and mints with its next poll, and nothing twice", async () => {
    bond("tm-ben");
    await t.sync();
    const reader = await browser();
    await reader.start();
    expect(reader.contacts()).toEqual(new Map([["tm-ben", "Name of tm-ben"]]));
    bond("tm-zoë");
    trust("tm-ben");
    post("recognition", {
      type: "RECOGNITION_DEFINITION",
      from: "tm-ben",
      id: "kind",
      name: "Kind Heart",
      description: "Is kind",
      icon: "💛",
      category: "social",
    });
    post("recognition", {
      type: "RECOGNITION_MINT",
      from: "tm-ben",
      to: ME,
      definitionId: "kind",
      note: "Danke schön",
    });
    await t.sync();
    await reader.poll();
    await reader.poll();
    expect(await seen(reader)).toEqual({ contacts: ["tm-ben", "tm-zoë"], circle: ["tm-ben"] });
    expect(reader.feed()).toEqual([
      expect.objectContaining({
        ...{ type: "RECOGNITION_MINT", actor: "tm-ben", target: ME, definitionId: "kind" },
        ...{ name: "Kind Heart", emoji: "💛", description: "Is kind", category: "social", note: "Danke schön" },
      }),
    ]);
  });

  it("shows in its feed what this person gave and was given, as our own page of signals", async () => {
    const mint = (from: string, to: string, name: string) =>
      post("recognition", { type: "SIGNAL_MINT", from, to, tokenId: "kind", name, emoji: "💛" });
    mint("tm-ben", ME, "For Ana");
    mint(ME, "tm-ben", "From Ana");
    mint("tm-ben", "tm-cleo", "Between others");
    await t.sync();
    const reader = await browser();
    await reader.start();
    const own = await t.json<{ items: { actor: string; target: string }[] }>("/api/signals", ME);
    expect(reader.feed().map(({ actor, target }) => ({ actor, target }))).toEqual(
      own.items.map(({ actor, target }) => ({ actor, target })),
    );
    expect(reader.feed().map(({ name }) => name)).toEqual(["From Ana", "For Ana"]);
    mint(ME, "tm-cleo", "From Ana again");
    await t.sync();
    await reader.poll();
    expect(reader.feed()[0]).toMatchObject({ actor: ME, target: "tm-cleo", name: "From Ana again" });
  });

  it("names a recognition as our own pages do: with or without a version, and by its id where nobody has defined it", async () => {
    const define = (id: string, name: string) =>
      post("recognition", { type: "RECOGNITION_DEFINITION", from: "tm-ben", id, name });
    define("kind", "Kind Heart");
    define("brave@2", "Brave Heart");
    for (const definitionId of ["kind", "kind@1", "brave", "brave@2", "brave@1", "quiet-hero"])
      post("recognition", { type: "RECOGNITION_MINT", from: "tm-ben", to: ME, definitionId });
    await t.sync();
    const reader = await browser();
    await reader.start();
    type Own = { instances: { metadata: { definitionId: string }; definition: { title: string } | null }[] };
    const { instances } = await t.json<Own>("/api/recognition", ME);
    const named = instances.map(({ metadata, definition }) => definition?.title ?? metadata.definitionId);
    expect(reader.feed().map(({ name }) => name)).toEqual(named);
    expect(named.toReversed()).toEqual([
      ...["Kind Heart", "Kind Heart", "Brave Heart", "Brave Heart", "Brave Heart", "quiet-hero"],
    ]);
  });

  it("names who gave a recognition as our own pages do, unless the recognition names somebody", async () => {
    bond("tm-ben");
    const mint = (from: string, to: string, more: object = {}) =>
      post("recognition", { type: "SIGNAL_MINT", from, to, tokenId: "kind", name: "Kind", ...more });
    post("profile", { type: "PROFILE_UPDATE", accountId: ME, displayName: "Ana Müller" });
    mint("tm-ben", ME);
    mint(ME, "tm-ben");
    mint("tm-ben", ME, { senderName: "Benny" });
    mint("tm-stranger", ME);
    await t.sync();
    const reader = await browser();
    await reader.start();
    expect(reader.feed().map(({ senderName, recipientName }) => [senderName, recipientName])).toEqual([
      [undefined, "Ana Müller"],
      ["Benny", "Ana Müller"],
      ["Ana Müller", "Name of tm-ben"],
      ["Name of tm-ben", "Ana Müller"],
    ]);
  });

  it("does not show a bond that was revoked, nor trust that was taken back", async () => {
    for (const peer of ["tm-ben", "tm-cleo"]) {
      bond(peer);
      trust(peer);
    }
    post("contact", { type: "CONTACT_REVOKE", from: ME, to: "tm-ben" });
    post("trust", { type: "TRUST_REVOKE", from: ME, to: "tm-cleo" });
    await t.sync();
    const reader = await browser();
    await reader.start();
    expect(await seen(reader)).toEqual({ contacts: ["tm-cleo"], circle: [] });
  });

  it("begins at the start where it asks for seven days, though the bonds are older", async () => {
    bond("tm-ben");
    await t.sync();
    await t.clock.advance(8 * 86_400_000);
    const cookie = await cookieOf(ME);
    // A second browser of one session, or one whose storage was cleared: it asks for seven days again.
    for (const reader of [await browser(ME, { cookie }), await browser(ME, { cookie })]) {
      await reader.start();
      expect([...reader.contacts().keys()]).toEqual(["tm-ben"]);
    }
  });

  it("comes to an end where its cursor happens to be seven days old", async () => {
    for (let n = 0; n < 130; n += 1) bond(`tm-peer-${n}`);
    await t.sync();
    await t.clock.advance(7 * 86_400_000);
    const cookie = await cookieOf(ME);
    const paths: string[] = [];
    const follow = async (path: string) => {
      paths.push(path);
      if (paths.length > 30) throw new Error("the reader is led in a circle");
      return (await (await ask(path, cookie)).json()) as PersonalMirrorPage;
    };
    const reader = new UiReader({
      ...{ userId: ME, topics: uiTopics(), ask: follow, base: BASE, nowMs: () => t.clock.now(), storage: storage() },
    });
    await reader.start();
    expect(reader.contacts().size).toBe(130);
    expect(paths.filter((path) => path.includes(t.devnet.topics.contact))).toHaveLength(2);
  });

  it("shows the person who is there now after each change of person in one browser", async () => {
    for (let n = 0; n < 150; n += 1) bond(`tm-peer-${n}`);
    for (let n = 0; n < 9; n += 1) trust(`tm-peer-${n}`);
    for (let n = 0; n < 74; n += 1) bond(`tm-of-ben-${n}`, "tm-ben");
    trust("tm-of-ben-1", "tm-ben");
    bond("tm-ben");
    await t.sync();
    const kept = storage();
    const reversed = Object.fromEntries(Object.entries(uiTopics()).reverse()) as unknown as UiTopics;
    // In another order, what is known already is pushed out by what comes after it.
    for (const [person, topics] of [
      [ME, uiTopics()],
      ["tm-ben", uiTopics()],
      [ME, reversed],
      ["tm-ben", reversed],
      [ME, uiTopics()],
    ] as const) {
      const reader = await browser(person, { kept, topics });
      await reader.start();
      expect(await seen(reader), person).toEqual(await ours(person));
      await reader.poll();
      expect(await seen(reader), person).toEqual(await ours(person));
    }
  });

  it("adds nothing where the same person signs in again", async () => {
    bond("tm-ben");
    post("recognition", { type: "RECOGNITION_MINT", from: "tm-ben", to: ME, name: "Kind" });
    await t.sync();
    const kept = storage();
    for (let times = 0; times < 3; times += 1) {
      const reader = await browser(ME, { kept });
      await reader.start();
      expect([reader.contacts().size, reader.feed().length]).toEqual([1, 1]);
    }
  });

  it("shows nothing of the person before, whatever cursor their browser kept", async () => {
    bond("tm-ben");
    bond("tm-dora", "tm-carl");
    await t.sync();
    const cursor = `${Math.floor(t.clock.now() / 1_000) + 1}.000000000`;
    const contact = `${BASE}/topics/${t.devnet.topics.contact}/messages?limit=100&order=asc&timestamp=gt%3A${cursor}`;
    const cookie = await cookieOf("tm-carl");
    const page = async () => (await (await ask(contact, cookie)).json()) as PersonalMirrorPage;
    expect((await page()).messages.map(bodyOf)).toEqual([
      expect.objectContaining({ actor: "tm-carl", target: "tm-dora" }),
    ]);
    // A later request of the same session starts after what the first one was given.
    expect((await page()).messages).toEqual([]);
  });
});

const bodyOf = ({ message }: { message: string }) => JSON.parse(Buffer.from(message, "base64").toString("latin1"));

describe("a page of a person's own mirror", () => {
  it("follows a mirror's parameters: order, limit and link, over pages", async () => {
    for (let n = 0; n < 5; n += 1) bond(`tm-peer-${n}`);
    await t.sync();
    const cookie = await cookieOf(ME);
    const first = `${BASE}/topics/${t.devnet.topics.contact}/messages?limit=2&order=asc`;
    const peers: string[] = [];
    const times: string[] = [];
    for (let path: string | null = first; path !== null; ) {
      const { messages, links } = (await (await ask(path, cookie)).json()) as PersonalMirrorPage;
      expect(messages.length).toBeGreaterThan(0);
      peers.push(...messages.map((each) => bodyOf(each).target));
      times.push(...messages.map((each) => each.consensus_timestamp));
      path = links.next;
    }
    expect(peers).toEqual([0, 1, 2, 3, 4].map((n) => `tm-peer-${n}`));
    expect(times).toEqual([...times].sort());
    const newest = await ask(
      `${BASE}/topics/${t.devnet.topics.contact}/messages?limit=1&order=desc&encoding=utf-8`,
      cookie,
    );
    const { messages } = (await newest.json()) as PersonalMirrorPage;
    expect(JSON.parse(messages[0]?.message ?? "")).toMatchObject({ target: "tm-peer-4" });
  });

  it("is private, says that it is compacted, and costs no statement while nothing is new", async () => {
    bond("tm-ben");
    await t.sync();
    const cookie = await cookieOf(ME);
    const path = `${BASE}/topics/${t.devnet.topics.contact}/messages?limit=100`;
    const response = await ask(path, cookie);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      ...{
        "cache-control": "private, max-age=25",
        vary: "Cookie, Authorization, Accept-Encoding",
        "trustmesh-form": "compacted",
      },
      "cache-status": expect.stringContaining("postgres; hit"),
    });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(await response.json()).not.toHaveProperty("messages.0.running_hash");
    for (const topic of topics()) {
      const poll = await ask(`${BASE}/topics/${topic}/messages?limit=100&timestamp=gt%3A1.0`, cookie);
      expect(poll.headers.get("cache-status")).toMatch(/^l1; hit/);
    }
    const etag = response.headers.get("etag") as string;
    // The first page of a session begins at the start, whatever the address says, so its tag stands for no later answer.
    const later = (await ask(path, cookie, { "if-none-match": etag })).headers.get("etag") as string;
    expect(later).not.toBe(etag);
    expect((await ask(path, cookie, { "if-none-match": later })).status).toBe(304);
  });

  it("of a topic that is not kept here is empty", async () => {
    const response = await ask(`${BASE}/topics/0.0.999999/messages`, await cookieOf(ME));
    expect([response.status, await response.json()]).toEqual([200, { messages: [], links: { next: null } }]);
  });

  it.each([
    ["without a session", `${BASE}/topics/0.0.1001/messages`, "", 401, "no-session"],
    ["with a limit that is none", `${BASE}/topics/0.0.1001/messages?limit=x`, ME, 400, "bad-input"],
    ["with an unknown parameter", `${BASE}/topics/0.0.1001/messages?colour=red`, ME, 400, "bad-input"],
    ["of no topic", `${BASE}/topics/x/messages`, ME, 400, "bad-input"],
  ])("%s is refused in JSON", async (_, path, userId, status, code) => {
    const response = userId === "" ? await t.ask("GET", path, null) : await ask(path, await cookieOf(userId));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });
});
