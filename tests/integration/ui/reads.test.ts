/** A client that asks as the TrustMesh web UI does finds every member that the UI reads, and every error. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ANA = "0.0.7001";
const BEN = "0.0.7002";
const ZOE = "0.0.7003";
let t: TestApp;

beforeAll(async () => {
  t = await startTestApp();
  const { contact, recognition, profile, trust } = t.devnet.topics;
  t.devnet.submitMany(contact, [{ type: "CONTACT_ACCEPT", from: ANA, to: BEN }]);
  t.devnet.submitMany(trust, [{ type: "TRUST_ALLOCATE", from: ANA, to: BEN }]);
  t.devnet.submitMany(profile, [
    { type: "PROFILE_UPDATE", accountId: ANA, displayName: "Ana", bio: "Hi", avatar: "" },
    { type: "PROFILE_UPDATE", accountId: BEN, displayName: "Ben" },
    { type: "PROFILE_UPDATE", accountId: ZOE, displayName: "Zoe" },
  ]);
  t.devnet.submitMany(recognition, [
    { type: "SIGNAL_MINT", from: BEN, to: ANA, tokenId: "strategic-vision", name: "Strategic Vision" },
    {
      type: "RECOGNITION_DEFINITION",
      from: t.devnet.operatorId,
      payload: {
        id: "team-player",
        slug: "team",
        name: "Team Player",
        description: "Helps",
        icon: "🤝",
        category: "social",
      },
    },
    { type: "RECOGNITION_DEFINITION", from: t.devnet.operatorId, payload: { id: "bare", name: "Bare" } },
  ]);
  await t.sync();
});
afterAll(() => t.close());

const get = async (path: string, userId: string | null = ANA) => {
  const response = await t.ask("GET", path, userId);
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  };
};
const topicIds = () => t.devnet.topics;

describe("a poll of events", () => {
  it("has a watermark, and items with time, place and the body as it stands on the ledger", async () => {
    const { body } = await get("/api/hcs/events?type=recognition");
    expect(body).toMatchObject({ ok: true, watermark: expect.stringMatching(/^\d+\.\d{9}$/) });
    expect(body.items).toContainEqual({
      consensus_timestamp: expect.stringMatching(/^\d+\.\d{9}$/),
      sequence_number: 1,
      topic_id: topicIds().recognition,
      json: { type: "SIGNAL_MINT", from: BEN, to: ANA, tokenId: "strategic-vision", name: "Strategic Vision" },
    });
  });

  it.each(["trust", "contact", "recognition", "profile"])("of %s goes on after its watermark", async (type) => {
    const { body } = await get(`/api/hcs/events?type=${type}&since=0.0`);
    expect(body.items).not.toEqual([]);
    const { body: after } = await get(`/api/hcs/events?type=${type}&since=${body.watermark}`);
    expect(after).toMatchObject({ ok: true, items: [], watermark: body.watermark });
  });

  it.each(["type=nothing", "type=trust&since=yesterday"])("that asks for %s is told what is wrong", async (query) => {
    const { status, body } = await get(`/api/hcs/events?${query}`);
    expect([status, body.ok, typeof body.error]).toEqual([400, false, "string"]);
  });
});

describe("recognition", () => {
  it("lists definitions as cards, none of whose members is missing", async () => {
    const { body } = await get("/api/recognition");
    expect(body).toMatchObject({ success: true, count: 2, source: "hcs", timestamp: expect.any(String) });
    const whole = {
      ...{ id: "team-player", slug: "team", name: "Team Player", description: "Helps", icon: "🤝", category: "social" },
      ...{ rarity: "Common", isActive: true, _hrl: `hcs://${topicIds().recognition}/2` },
      _ts: expect.stringMatching(/^\d+\.\d{9}$/),
    };
    expect(body.data).toContainEqual(whole);
    expect(body.data).toContainEqual({
      ...{ id: "bare", slug: "bare", name: "Bare", description: "", icon: "🏆", category: "social", rarity: "Common" },
      ...{ isActive: true, _hrl: `hcs://${topicIds().recognition}/3`, _ts: expect.any(String) },
    });
  });

  it("keeps the members of our own pages beside them", async () => {
    const { body } = await get("/api/recognition");
    expect(body.definitions).toContainEqual(expect.objectContaining({ id: "team-player", title: "Team Player" }));
  });

  it("without a session says so in the member that the UI shows", async () => {
    const { status, body } = await get("/api/recognition", null);
    expect([status, body.success, typeof body.error]).toEqual([401, false, "string"]);
  });
});

describe("the registry", () => {
  it("has a configuration for everybody, with topics, mirror and flags", async () => {
    const { contact, trust, profile, recognition } = topicIds();
    expect((await get("/api/registry/config", null)).body).toEqual({
      ok: true,
      registry: {
        env: "devnet",
        topics: { contacts: contact, trust, profile, recognition, signal: recognition, system: recognition },
        mirror: { rest: "/api/v1", ws: "" },
        flags: {},
      },
      meta: { source: "registry", timestamp: expect.any(String), version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
    });
  });

  it("names the topics that the debug page looks for", async () => {
    const { contact, trust, profile, recognition } = topicIds();
    const { body } = await get("/api/registry/topics");
    expect(body.ok).toBe(true);
    expect(body.topics).toMatchObject({ feed: recognition, contacts: contact, trust, recognition, profile });
    expect(body.topics).toHaveProperty("system");
  });

  it("has a catalogue of every edition, and of no other", async () => {
    for (const edition of ["base", "genz", "african"]) {
      const { body } = await get(`/api/registry/catalog?edition=${edition}`);
      expect(body.signals).toContainEqual({
        ...{ id: "team-player", name: "Team Player", icon: "🤝", description: "Helps", category: "social" },
      });
    }
    const { status, body } = await get("/api/registry/catalog?edition=none");
    expect([status, typeof body.error]).toEqual([400, "string"]);
  });
});

describe("the caller's profile", () => {
  it("is the one on the ledger, whomever the query names", async () => {
    const { body } = await get(`/api/profile/status?accountId=${BEN}`);
    expect(body).toEqual({
      ...{ accountId: ANA, hasCompletedOnboarding: true, source: "hcs" },
      profile: { accountId: ANA, displayName: "Ana", bio: "Hi", avatar: "", timestamp: expect.any(Number) },
    });
  });

  it("is none before it was published, and then the onboarding is still to come", async () => {
    const { body } = await get("/api/profile/status", "0.0.7999");
    expect(body).toMatchObject({ accountId: "0.0.7999", hasCompletedOnboarding: false, profile: null });
  });

  it("needs a session", async () => {
    const { status, body } = await get("/api/profile/status", null);
    expect([status, typeof body.error]).toEqual([401, "string"]);
  });
});

describe("a profile by its place", () => {
  const at = (sequence: number, userId = ANA) =>
    get(`/api/hcs/profile?hrl=hcs://11/${topicIds().profile}/${sequence}`, userId);

  it("is shown to its owner and to contacts", async () => {
    const own = await at(1);
    expect(own.body).toMatchObject({ ok: true, source: "hcs", hrl: `hcs://11/${topicIds().profile}/1` });
    expect(own.body.profile).toMatchObject({ accountId: ANA, displayName: "Ana", bio: "Hi", avatar: "" });
    expect((await at(2)).body.profile).toMatchObject({ accountId: BEN, displayName: "Ben" });
  });

  it.each([
    ["a stranger's", 3],
    ["one that is not there", 99],
  ])("is not found where it is %s", async (_, sequence) => {
    const { status, body } = await at(sequence);
    expect([status, body.ok, typeof body.error]).toEqual([404, false, "string"]);
  });

  it("is not found where another message is, and a place of another form is refused", async () => {
    const other = await get(`/api/hcs/profile?hrl=hcs://11/${topicIds().contact}/1`);
    expect(other.status).toBe(404);
    expect((await get("/api/hcs/profile?hrl=elsewhere")).status).toBe(400);
  });
});

describe("the ledger's counts", () => {
  it("name each topic with its last messages, newest first, and cost nothing", async () => {
    const statements = () =>
      Object.values(t.app.stores.stats().byPurpose).reduce((sum, each) => sum + each.statements, 0);
    const before = [statements(), t.app.ledger.requests];
    const { body } = await get("/api/hedera/stats", null);
    const { profile } = topicIds();
    const data = body.data as Record<string, unknown>;
    expect(Object.keys(data).sort()).toEqual(["contact", "profile", "recognition", "trust"]);
    expect(data.profile).toEqual({
      id: profile,
      info: { topic_id: profile, sequence_number: 3 },
      recent: [3, 2, 1].map((sequence_number) => ({ topic_id: profile, sequence_number })),
    });
    expect([statements(), t.app.ledger.requests]).toEqual(before);
  });

  it("list twenty messages at most", async () => {
    t.devnet.submitMany(
      topicIds().profile,
      Array.from({ length: 30 }, () => ({ type: "PROFILE_UPDATE", accountId: ZOE, displayName: "Zoe" })),
    );
    await t.sync();
    await t.clock.advance(2_000);
    const { body } = await get("/api/hedera/stats", null);
    const { recent } = (body.data as { profile: { recent: { sequence_number: number }[] } }).profile;
    expect([recent.length, recent[0]?.sequence_number]).toEqual([20, 33]);
  });
});

describe("the caller's identity", () => {
  it("is the account of the session", async () => {
    const { body } = await get("/api/hcs22/resolve?mode=lookup");
    expect(body).toMatchObject({ hederaAccountId: ANA, source: "session", updatedAt: expect.any(String) });
  });

  it("is nobody's by a name that is not bound here", async () => {
    const { body } = await get("/api/hcs22/resolve?did=did:ethr:0x52908400098527886e0f7030069857d2e4169ee7");
    expect(body).toMatchObject({ accountId: null, source: "none", updatedAt: null });
  });

  it.each(["", "?mode=ASSERT", "?mode=BIND"])("is written nowhere, and the answer says so: %j", async (query) => {
    const response = await t.ask("POST", `/api/hcs22/resolve${query}`, ANA, { body: { anything: 1 } });
    expect([response.status, await response.json()]).toEqual([
      200,
      { success: true, disabled: true, hederaAccountId: ANA },
    ]);
    expect((await t.ask("POST", `/api/hcs22/resolve${query}`, ANA)).status).toBe(200);
  });

  it("needs a session", async () => {
    const response = await t.ask("POST", "/api/hcs22/resolve", null, { body: {} });
    const { success, error } = (await response.json()) as Record<string, unknown>;
    expect([response.status, success, typeof error]).toEqual([401, false, "string"]);
  });
});
