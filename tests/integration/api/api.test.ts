/** The HTTP contract of the reads: shapes, scope, validators, freshness, read-your-writes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod/mini";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { Problem } from "@/lib/wire/common";
import type { ContactsAnswer } from "@/lib/wire/contacts";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { SET_UP } from "../../support/servers/set-up";
import { startTestApp, type TestApp } from "../../support/worlds/app";

let t: TestApp;
const ALICE = "tm-alice";
const BOB = "tm-bob";
/** Neither a contact of Alice's nor known to her. */
const MALLORY = "tm-mallory";
const SECRET = "only between Bob and Carol";

beforeAll(async () => {
  t = await startTestApp();
  const { contact, trust, recognition, profile } = t.devnet.topics;
  const say = (topicId: typeof contact, ...messages: object[]) => void t.devnet.submitMany(topicId, messages);
  say(
    contact,
    { hcs: "21", v: "1.0", type: 0, from: ALICE, nonce: 1, ts: 1, payload: { target: BOB, handle: "Alice" } },
    { hcs: "21", v: "1.0", type: 1, from: BOB, nonce: 1, ts: 1, payload: { target: ALICE, handle: "Bob" } },
    { type: "CONTACT_REQUEST", from: "tm-dave", to: ALICE },
    { type: "CONTACT_REQUEST", from: BOB, to: "tm-carol", note: SECRET },
    { type: "CONTACT_ACCEPT", from: "tm-carol", to: BOB, note: SECRET },
  );
  say(
    trust,
    { type: "TRUST_ALLOCATE", actor: ALICE, target: BOB },
    { type: "TRUST_ALLOCATE", actor: BOB, target: "tm-carol", note: SECRET },
  );
  say(
    recognition,
    { kind: "RECOGNITION_MINT", recognitionId: "later", owner: ALICE, actor: BOB },
    { kind: "RECOGNITION_DEFINITION", id: "kind", title: "Kind", icon: "🌱" },
    { kind: "RECOGNITION_MINT", recognitionId: "kind", owner: ALICE, actor: BOB, note: "thanks" },
    { kind: "RECOGNITION_MINT", recognitionId: "kind", owner: "tm-carol", actor: BOB, note: SECRET },
  );
  say(
    profile,
    { actor: BOB, displayName: "Bob Smith", handle: "bob" },
    { actor: "tm-carol", displayName: "Carol", bio: SECRET },
  );
  await t.sync();
});
afterAll(() => t.close());

const examplePath = (name: RouteName): string =>
  (name.split(" ")[1] as string)
    .replace("{topicId}", t.devnet.topics.contact)
    .replace("{sequence}", "1")
    .concat(name.endsWith("/profiles") ? `?ids=${ALICE},${BOB}` : "")
    .concat(name.endsWith("/hcs/profile") ? `?hrl=hcs://11/${t.devnet.topics.profile}/1` : "");

const userReads = (Object.keys(ROUTES) as RouteName[]).filter((name) => {
  const route: AnyRoute = ROUTES[name];
  return name.startsWith("GET") && route.access === "user" && route.answer !== "text/event-stream";
});

describe("every read", () => {
  it.each(userReads)("%s answers in its documented shape", async (name) => {
    const response = await t.ask("GET", examplePath(name), ALICE);
    expect(response.status).toBe(200);
    const { answer }: AnyRoute = ROUTES[name];
    (answer as z.ZodMiniType).parse(await response.json());
  });

  it.each(userReads)("%s refuses a caller without a session, and another person's name", async (name) => {
    const path = examplePath(name);
    const nobody = await t.ask("GET", path, null);
    expect(nobody.status).toBe(401);
    expect(nobody.headers.get("content-type")).toBe("application/problem+json");
    Problem.parse(await nobody.json());
    for (const member of ["sessionId", "userId", "owner"]) {
      const other = `${path}${path.includes("?") ? "&" : "?"}${member}=${BOB}`;
      expect((await t.ask("GET", other, ALICE)).status).toBe(403);
      expect((await t.ask("GET", other.replace(`${member}=${BOB}`, `${member}=${ALICE}`), ALICE)).status).toBe(200);
    }
  });

  it.each(userReads)("%s shows only data that concerns the caller", async (name) => {
    const { contact, trust, recognition, profile } = t.devnet.topics;
    const paths = [examplePath(name)];
    if (name.includes("events"))
      paths.push(...["contact", "trust", "recognition", "profile"].map((type) => `/api/hcs/events?type=${type}`));
    if (name.includes("profiles")) paths.push("/api/profiles?ids=tm-carol,tm-alice");
    if (name.includes("proof"))
      for (const topic of [contact, trust, recognition, profile])
        for (let n = 1; n <= 5; n += 1) paths.push(`/api/proof/${topic}/${n}`);
    for (const path of paths) {
      for (const userId of [ALICE, MALLORY]) {
        const text = await (await t.ask("GET", path, userId)).text();
        expect(text).not.toContain(SECRET);
        expect(text).not.toContain(Buffer.from(SECRET).toString("base64").slice(4, 24));
        if (userId === MALLORY) expect(text).not.toMatch(/tm-(alice|bob|carol|dave)/);
        else expect(text).not.toContain("tm-carol");
      }
    }
  });
});

describe("contacts and circle", () => {
  it("show bonds in both directions, requests, names and trust", async () => {
    const alice = await t.json<ContactsAnswer>("/api/contacts", ALICE);
    expect(alice).toMatchObject({
      sessionId: ALICE,
      contacts: [{ peerId: BOB, handle: "Bob Smith", trust: { allocatedTo: 1, receivedFrom: 0 } }],
      requests: { incoming: [{ peerId: "tm-dave" }], outgoing: [] },
      trustLevels: { [BOB]: { allocatedTo: 1, receivedFrom: 0 } },
      count: 1,
    });
    const bob = await t.json<ContactsAnswer>("/api/contacts", BOB);
    expect(bob.contacts.map(({ peerId, handle }) => [peerId, handle])).toEqual([
      ["tm-carol", "Carol"],
      [ALICE, "Alice"],
    ]);
    expect(await t.json("/api/circle", BOB)).toMatchObject({
      trustStats: { allocatedOut: 1, receivedIn: 1, maxSlots: 9, overAllocated: false },
      innerCircle: { count: 1 },
    });
  });

  it("show a contact's new name as soon as the profile is stored", async () => {
    await t.json("/api/contacts", ALICE);
    t.devnet.submit(t.devnet.topics.profile, { actor: BOB, displayName: "Robert" });
    await t.sync();
    const { contacts } = await t.json<ContactsAnswer>("/api/contacts", ALICE);
    expect(contacts[0]?.handle).toBe("Robert");
  });
});

describe("profiles", () => {
  it("are the caller's own and those of bonded contacts, not those of people who only asked", async () => {
    t.devnet.submit(t.devnet.topics.profile, { actor: "tm-dave", displayName: "Dave" });
    await t.sync();
    const ids = `${ALICE},${BOB},tm-dave,tm-carol`;
    const { profiles } = await t.json<{ profiles: { userId: string }[] }>(`/api/profiles?ids=${ids}`, ALICE);
    expect(profiles.map(({ userId }) => userId).sort()).toEqual([ALICE, BOB]);
  });
});

describe("recognition", () => {
  it("shows an instance without its definition as pending, and resolves it when the definition comes", async () => {
    type Answer = {
      instances: { metadata: { recognitionId: string }; pending: boolean; definition: { title: string } | null }[];
    };
    const titles = async () =>
      (await t.json<Answer>("/api/recognition", ALICE)).instances.map(({ metadata, pending, definition }) => [
        metadata.recognitionId,
        pending,
        definition?.title,
      ]);
    expect(await titles()).toEqual([
      ["kind", false, "Kind"],
      ["later", true, undefined],
    ]);
    t.devnet.submit(t.devnet.topics.recognition, { kind: "RECOGNITION_DEFINITION", id: "later", title: "Better Late" });
    await t.sync();
    expect(await titles()).toEqual([
      ["kind", false, "Kind"],
      ["later", false, "Better Late"],
    ]);
  });
});

describe("signals", () => {
  it("page through everything once, newest first, by type if asked", async () => {
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: SignalsAnswer = await t.json(`/api/signals?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`, BOB);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    const all = await t.json<SignalsAnswer>("/api/signals?limit=100", BOB);
    expect(seen).toEqual(all.items.map(({ id }) => id));
    const times = all.items.map(({ consensusTimestamp }) => consensusTimestamp ?? "");
    expect(times).toEqual([...times].sort().reverse());
    const requests = await t.json<SignalsAnswer>("/api/signals?type=contact_request&type=TRUST_ALLOCATE", BOB);
    expect(new Set(requests.items.map(({ type }) => type))).toEqual(new Set(["CONTACT_REQUEST", "TRUST_ALLOCATE"]));
  });

  it.each(["limit=0", "limit=101", "limit=x", "cursor=not-a-cursor", "type=", "type=%00"])(
    "refuse %s by name",
    async (query) => {
      const response = await t.ask("GET", `/api/signals?${query}`, ALICE);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: "bad-input",
        field: query.split("=")[0],
        ok: false,
        success: false,
      });
    },
  );
});

describe("a parameter that a view does not have", () => {
  it.each([
    ["/api/hcs/events?kind=recognition", "kind", "the parameters are type, since, limit"],
    ["/api/signals?kind=contact", "kind", "the parameters are type, limit, cursor"],
    ["/api/recognition?limit=5", "limit", "the only parameter is cursor"],
    ["/api/profiles?ids=tm-bob&id=tm-bob", "id", "the only parameter is ids"],
  ])("is refused by name, with those that there are: %s", async (path, field, names) => {
    const response = await t.ask("GET", path, ALICE);
    expect(response.status).toBe(400);
    const detail = `The parameter "${field}" must be left out: ${names}.`;
    expect(await response.json()).toMatchObject({ code: "bad-input", field, detail });
  });

  it.each([
    // Against caches, as libraries add them; the owner, as the web UI names it; and routes of the web UI's own.
    ...["/api/hcs/events?type=trust&_=1790000000000", "/api/signals?t=1", "/api/recognition?v=2&cb=3"],
    ...[`/api/signals?userId=${ALICE}`, `/api/hcs/events?type=trust&sessionId=${ALICE}`],
    ...["/api/registry/catalog?lang=en", "/api/profile/status?x=1", "/api/contacts?x=1", "/api/registry/topics?x=1"],
  ])("has no effect anywhere, and is not refused either: %s", async (path) => {
    expect((await t.ask("GET", path, ALICE)).status).toBe(200);
  });
});

describe("the poll", () => {
  it("goes on from its watermark without repeating or missing anything", async () => {
    type Page = { watermark: string; items: { sequence_number: number; json: unknown }[] };
    const first = await t.json<Page>("/api/hcs/events?type=contact&limit=2", BOB);
    const second = await t.json<Page>(`/api/hcs/events?type=contact&since=${first.watermark}`, BOB);
    expect([...first.items, ...second.items].map((item) => item.sequence_number)).toEqual([1, 2, 4, 5]);
    const third = await t.json<Page>(`/api/hcs/events?type=contact&since=${second.watermark}`, BOB);
    expect(third).toMatchObject({ watermark: second.watermark, items: [] });
    // It reads one statement; a position would be a second, and the watermark is what the poll goes on from.
    expect(third).not.toHaveProperty("position");
  });

  it("gives definitions to everybody, and contacts' profiles", async () => {
    const text = async (type: string, userId: string) =>
      JSON.stringify(await t.json(`/api/hcs/events?type=${type}`, userId));
    expect(await text("recognition", MALLORY)).toContain("Kind");
    expect(await text("profile", ALICE)).toContain("Robert");
    expect(await text("profile", MALLORY)).not.toContain("Robert");
  });
});

describe("validators and caches", () => {
  it("answer 304 while nothing has changed, and a new tag when something has", async () => {
    const first = await t.ask("GET", "/api/contacts", BOB);
    const etag = first.headers.get("etag") as string;
    expect(etag).toMatch(/^"[^"]+"$/);
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    expect(first.headers.get("vary")).toContain("Cookie");
    const again = await t.ask("GET", "/api/contacts", BOB, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
    expect(again.headers.get("etag")).toBe(etag);
    expect(again.headers.get("trustmesh-as-of")).toMatch(/^\d+\.\d{9}$/);
    t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-erin", to: BOB });
    await t.sync();
    const changed = await t.ask("GET", "/api/contacts", BOB, { headers: { "if-none-match": etag } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).not.toBe(etag);
  });

  it("answer 200 instead of 304 when an answer that called itself fresh has become stale", async () => {
    const fresh = await t.ask("GET", "/api/contacts", BOB);
    expect(await fresh.json()).toMatchObject({ stale: false });
    const stalled = t.devnet.faults.add({ kind: "stalledHead" });
    await t.clock.advance(10_000);
    const headers = { "if-none-match": fresh.headers.get("etag") as string };
    const stale = await t.ask("GET", "/api/contacts", BOB, { headers });
    expect(stale.status).toBe(200);
    expect(await stale.json()).toMatchObject({ stale: true });
    t.devnet.faults.remove(stalled);
    await t.sync();
  });

  it("say which tier answered", async () => {
    t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-frank", to: BOB });
    await t.sync();
    const cold = await t.ask("GET", "/api/contacts", BOB);
    const between = SET_UP === "embedded" ? "" : "redis; fwd=miss; stored, ";
    expect(cold.headers.get("cache-status")).toBe(`postgres; hit, ${between}l1; fwd=miss; stored`);
    const warm = await t.ask("GET", "/api/contacts", BOB);
    expect(warm.headers.get("cache-status")).toMatch(/^l1; hit; ttl=\d+$/);
    expect(warm.headers.get("server-timing")).toMatch(/^l1;dur=[\d.]+, total;dur=[\d.]+$/);
    expect(await warm.json()).toMatchObject({ position: (await cold.json()).position });
  });
});

describe("If-Min-Sequence", () => {
  it("makes a read wait for a message, and sync for it", async () => {
    const [message] = t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-gina", to: ALICE });
    const answer = await t.ask("GET", "/api/contacts", ALICE, {
      headers: { "if-min-sequence": `${t.devnet.topics.contact}=${message?.sequence}` },
    });
    expect(answer.status).toBe(200);
    expect(JSON.stringify(await answer.json())).toContain("tm-gina");
  });

  it("answers 503 with Retry-After for a message that does not come within three seconds", async () => {
    const beforeMs = t.clock.now();
    const answer = await t.ask("GET", "/api/contacts", ALICE, {
      headers: { "if-min-sequence": `${t.devnet.topics.contact}=100` },
    });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await answer.json()).toMatchObject({ code: "not-yet" });
    expect(t.clock.now() - beforeMs).toBeGreaterThanOrEqual(3_000);
    expect(t.clock.now() - beforeMs).toBeLessThan(5_000);
  });

  it.each(["nonsense", "0.0.1=x", "0.0.999999=1"])("refuses %j by name", async (value) => {
    const answer = await t.ask("GET", "/api/contacts", ALICE, { headers: { "if-min-sequence": value } });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ field: "If-Min-Sequence" });
  });
});

describe("proof", () => {
  it("gives everything that is needed to compute the running hash", async () => {
    const proof = await t.json<{ message: { bytes: string }; previousRunningHash: string; status: string }>(
      `/api/proof/${t.devnet.topics.contact}/1`,
      ALICE,
    );
    expect(proof.status).toBe("verified");
    expect(Buffer.from(proof.previousRunningHash, "base64")).toEqual(Buffer.alloc(48));
    expect(Buffer.from(proof.message.bytes, "base64").toString()).toContain(ALICE);
  });

  it("says why there is none", async () => {
    const detailOf = async (path: string) => (await t.json<{ detail: string }>(`/api/proof/${path}`, ALICE)).detail;
    expect(await detailOf(`${t.devnet.topics.contact}/999999`)).toBe("There is no such message yet.");
    expect(await detailOf("0.0.9/1")).toMatch(/does not sync topic 0\.0\.9/);
  });

  it.each(["/api/proof/abc/1", "/api/proof/0.0.1001/0", "/api/proof/0.0.1001/1.5"])("refuses %s", async (path) => {
    expect((await t.ask("GET", path, ALICE)).status).toBe(400);
  });
});

describe("the OpenAPI document", () => {
  it("names every route, with its schemas", async () => {
    const document = (await (await t.ask("GET", "/api/openapi.json", null)).json()) as {
      openapi: string;
      paths: Record<string, object>;
    };
    expect(document.openapi).toBe("3.1.0");
    const named = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(named.sort()).toEqual(Object.keys(ROUTES).sort());
    expect(JSON.stringify(document.paths["/api/signals"])).toContain("nextCursor");
  });
});

describe("the cost of readers", () => {
  it("in mirror requests is the same for one reader and for a thousand", async () => {
    const minute = async (users: number) => {
      await t.clock.advance(5_000);
      t.devnet.requests.reset();
      for (let second = 0; second < 60; second += 1) {
        for (let i = 0; i < users; i += 1) await t.app.scheduler.demand();
        await t.clock.advance(1_000);
      }
      return t.devnet.requests.counts().total;
    };
    const one = await minute(1);
    expect(one).toBeGreaterThan(50);
    expect(await minute(1_000)).toBe(one);
  });
});
