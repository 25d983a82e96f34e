/**
 * Exactly the requests that the TrustMesh web UI sends, once with a session's cookie and once with a Magic token: every member that it
 * reads is there, and every refusal says in the UI's own members what is wrong.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { encodeEcdsaKey } from "@/lib/devnet/rest/key-json";
import { CLIENT_ID, magicWallet } from "../../support/stand-ins/magic";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { signedMint, signedProfile } from "../../support/worlds/histories/signed";

const BEN = "0.0.7002";
const ISSUER = "0.0.4851773";
const wallet = magicWallet();

let t: TestApp;
/** The account of the wallet's key. */
let ana: string;
let profileHrl: string;

beforeAll(async () => {
  t = await startTestApp({
    env: { RATE_LIMITS: "0", MAGIC_CLIENT_ID: CLIENT_ID, FEATURE_GZ_BOOST_API: "1", ISSUERS: "" },
  });
  const { address, publicKey } = wallet;
  ana = t.devnet.ledger.createAccount(encodeEcdsaKey(publicKey), { evmAddress: address }).id;
  const { contact, trust, recognition, profile } = t.devnet.topics;
  t.devnet.submit(contact, { type: "CONTACT_ACCEPT", from: BEN, to: ana });
  t.devnet.submit(contact, { type: "CONTACT_ACCEPT", from: ana, to: BEN });
  t.devnet.submit(trust, { type: "TRUST_ALLOCATE", from: BEN, to: ana });
  t.devnet.submit(recognition, { type: "SIGNAL_MINT", from: BEN, to: ana, tokenId: "kind", name: "Kind" });
  t.devnet.submit(recognition, {
    type: "RECOGNITION_DEFINITION",
    from: t.devnet.operatorId,
    payload: { id: "team-player", name: "Team Player", description: "Helps", icon: "🤝", category: "social" },
  });
  const [message] = t.devnet.submit(profile, { type: "PROFILE_UPDATE", accountId: ana, displayName: "Ana", bio: "Hi" });
  profileHrl = `hcs://11/${profile}/${message?.sequence}`;
  await t.sync();
});
// Nonces are times of this server.
beforeEach(() => t.clock.advance(1_000));
afterAll(() => t.close());

const nowS = () => Math.floor(t.clock.now() / 1_000);
/** The body that "Send Signal" sends. */
function signal(words: { readonly message?: string }) {
  const timestamp = t.clock.now();
  const { message, signature, publicKey } = signedMint(wallet, ana, BEN, { ...words, timestamp });
  return {
    ...{ tokenId: "strategic-vision", name: "Strategic Vision", category: "leadership", subtitle: "Sees far" },
    ...{ emoji: "🔭", issuerId: ana, recipientId: BEN, senderName: "Ana", recipientName: "Ben", trustAmount: 0.5 },
    ...{ message, timestamp, signature, publicKey },
  };
}
const envelope = (type: string, payload: object, more: object = {}) => ({
  ...{ type, from: ana, nonce: t.clock.now(), ts: nowS(), payload },
  ...more,
});
const invitation = () =>
  JSON.stringify({ v: 1, type: "CONTACT_REQUEST", jti: `jti-${t.clock.now()}`, from: { acct: ana, handle: "Ana" } });
const mirrorOf = (topic: "contact" | "trust" | "recognition" | "profile") =>
  `/api/me/api/v1/topics/${t.devnet.topics[topic]}/messages?limit=100&order=asc&timestamp=gt%3A${nowS() - 7 * 86_400}.0`;

interface UiRequest {
  readonly path: () => string;
  /** Absent: a GET. */
  readonly body?: () => object;
  /** A POST that names a type and has no body. */
  readonly isEmptyPost?: true;
  readonly status?: number;
  /** The UI sends an anonymous request, and everybody gets the answer. */
  readonly isPublic?: true;
  /** Members that the UI reads, as paths. */
  readonly reads: readonly string[];
  /** Changes to the body that make it wrong. */
  readonly wrong?: readonly (() => object)[];
  /** Query that makes a GET wrong. */
  readonly wrongQuery?: string;
}

const items = (...members: readonly string[]) => members.map((member) => `items.0.${member}`);
const events = (type: string): UiRequest => ({
  path: () => `/api/hcs/events?type=${type}`,
  reads: ["ok", "watermark", ...items("consensus_timestamp", "sequence_number", "topic_id", "json.type")],
  wrongQuery: "&since=yesterday",
});

const REQUESTS: Readonly<Record<string, UiRequest>> = {
  "the trust's poll": events("trust"),
  "the recognition's poll": events("recognition"),
  "the contacts' poll": events("contact"),
  "the profile's poll": events("profile"),
  "an accept from a code": {
    path: () => "/api/hcs/submit",
    body: () =>
      envelope("CONTACT_ACCEPT", {
        ...{ v: 1, type: "CONTACT_ACCEPT", req: { jti: "j", hash: "h" }, mutual: true, iat: nowS(), sig: "b64url" },
        ...{ from: { acct: ana, handle: "Ana" }, to: { acct: BEN, handle: "Ben" } },
      }),
    reads: ["ok", "transactionId"],
    wrong: [
      () => ({ type: undefined }),
      () => ({ from: "" }),
      () => ({ nonce: "1" }),
      () => ({ ts: "now" }),
      () => ({ ts: nowS() - 601 }),
      // Two minutes are allowed; the request may take a while to come.
      () => ({ ts: nowS() + 600 }),
    ],
  },
  "the accept's mirror, in the other person's name": {
    path: () => "/api/hcs/submit",
    body: () =>
      envelope(
        "CONTACT_MIRROR",
        {
          ...{
            v: 1,
            type: "CONTACT_MIRROR",
            ref: { hash: "h" },
            acks: [{ acceptHash: "a" }],
            iat: nowS(),
            sig: "b64url",
          },
          ...{ from: { acct: BEN }, to: { acct: ana } },
        },
        { from: BEN },
      ),
    reads: ["ok", "transactionId"],
    wrong: [() => ({ nonce: "1" }), () => ({ type: undefined })],
  },
  trust: {
    path: () => "/api/trust/allocate",
    body: () => ({ sessionId: ana, targetId: BEN, weight: 1 }),
    reads: ["success"],
    wrong: [() => ({ targetId: undefined }), () => ({ sessionId: undefined }), () => ({ weight: 0 })],
  },
  "the cards of recognition": {
    path: () => "/api/recognition",
    reads: [
      ...["success", "data.0.id", "data.0.name", "data.0.description", "data.0.icon", "data.0.category"],
      ...["data.0.rarity", "data.0.isActive", "data.0._hrl", "data.0._ts"],
    ],
    wrongQuery: "?cursor=nonsense",
  },
  "the registry": {
    path: () => "/api/registry/config",
    isPublic: true,
    reads: [
      ...["ok", "registry.env", "registry.topics.contacts", "registry.topics.recognition", "registry.mirror.rest"],
      ...["registry.mirror.ws", "registry.flags", "meta.source"],
    ],
  },
  "the debug page's topics": {
    path: () => "/api/registry/topics",
    reads: ["ok", ...["feed", "contacts", "trust", "recognition", "profile", "system"].map((each) => `topics.${each}`)],
  },
  "the catalogue": {
    path: () => "/api/registry/catalog?edition=genz",
    reads: ["id", "name", "icon", "description", "category"].map((each) => `signals.0.${each}`),
    wrongQuery: "x",
  },
  "the profile's status": {
    path: () => `/api/profile/status?accountId=${ana}`,
    reads: [
      "hasCompletedOnboarding",
      ...["accountId", "displayName", "bio", "avatar", "timestamp"].map((each) => `profile.${each}`),
    ],
  },
  "a profile by its place": {
    path: () => `/api/hcs/profile?hrl=${profileHrl}`,
    reads: ["ok", "profile.accountId", "profile.displayName"],
    wrongQuery: "/x",
  },
  "a profile from the profile's page": {
    path: () => "/api/hcs/profile",
    body: () => ({
      ...signedProfile(wallet, ana, { timestamp: t.clock.now(), publicKey: { publicKeyDer: "302a" } }),
      type: undefined,
    }),
    reads: ["ok", "profile.displayName", "sequenceNumber"],
    wrong: [
      () => ({ accountId: undefined }),
      () => ({ signature: undefined }),
      () => ({ publicKey: undefined }),
      () => ({ timestamp: undefined }),
    ],
  },
  "a profile from the onboarding": {
    path: () => "/api/hcs/profile",
    body: () => signedProfile(wallet, ana, { timestamp: new Date(t.clock.now()).toISOString(), publicKey: [48, 42] }),
    reads: ["ok", "profile.displayName", "sequenceNumber"],
    wrong: [() => ({ signature: undefined }), () => ({ timestamp: undefined })],
  },
  "a signal": {
    path: () => "/api/hcs/mint-recognition",
    body: () => signal({ message: "Thank you" }),
    reads: ["ok", "trstCost"],
    wrong: ["tokenId", "name", "issuerId", "recipientId", "signature", "publicKey", "timestamp"].map(
      (member) => () => ({ [member]: undefined }),
    ),
  },
  "a signal without words": {
    path: () => "/api/hcs/mint-recognition",
    body: () => signal({}),
    reads: ["ok", "trstCost"],
  },
  "recognition in one's own words": {
    path: () => "/api/recognition/create",
    body: () => ({ label: "Helper", emoji: "🤝", lens: "base", to: { accountId: BEN }, note: "Thanks" }),
    status: 201,
    reads: ["ok", "signal.id", "signal.txId"],
    wrong: [() => ({ label: "" }), () => ({ lens: "none" }), () => ({ to: {} })],
  },
  "a boost": {
    path: () => "/api/signal/boost",
    body: () => ({ boostId: "60b7e2e023d0ee6d" }),
    reads: ["ok", "boostId"],
    wrong: [() => ({ boostId: "60b7" }), () => ({ boostId: undefined })],
  },
  "a suggestion": {
    path: () => "/api/signal/suggest",
    body: () => ({
      ...{ boostId: "60b7e2e023d0ee6d", def_id: "grit.clutched@1", note: "Great signal!" },
      sessionId: "2b6a3f6e-7f0e-4a57-9a52-0c1d2e3f4a5b",
    }),
    reads: ["ok", "boostId"],
    wrong: [() => ({ def_id: "" }), () => ({ sessionId: undefined })],
  },
  "an issuer's message": {
    path: () => "/api/issuer/submit",
    body: () =>
      envelope("RECOGNITION_MINT", { t: "signal.mint@1", def_id: "grit.mentor@1", to: BEN, fill: "Mentored" }),
    reads: ["success", "sequenceNumber", "consensusTimestamp", "transactionId"],
    wrong: [() => ({ type: "SYSTEM_UPDATE" }), () => ({ payload: undefined }), () => ({ ts: nowS() - 601 })],
  },
  "the ledger's counts": {
    path: () => "/api/hedera/stats",
    isPublic: true,
    reads: ["data.contact.id", "data.trust.recent"],
  },
  "the identity of whoever has signed in": {
    path: () => "/api/hcs22/resolve?mode=lookup",
    reads: ["hederaAccountId"],
    wrongQuery: "&did=nobody",
  },
  "an identity by its name": {
    path: () => `/api/hcs22/resolve?did=did:ethr:${wallet.address}`,
    reads: ["accountId", "source", "updatedAt"],
  },
  "an assertion of identity": { path: () => "/api/hcs22/resolve?mode=ASSERT", isEmptyPost: true, reads: ["success"] },
  "the identity at sign-in": {
    path: () => "/api/hcs22/resolve",
    body: () => ({ magicDID: `did:ethr:${wallet.address}` }),
    reads: ["success"],
  },
  "an invitation's code": {
    path: () => "/api/qr/shorten",
    body: () => ({ d: invitation() }),
    reads: ["code", "expiresAt"],
    wrong: [() => ({ d: "x" }), () => ({ ttl: 0 }), () => ({ d: undefined })],
  },
  ...Object.fromEntries(
    (["contact", "trust", "recognition"] as const).map((topic): [string, UiRequest] => [
      `the mirror's page of ${topic}`,
      {
        path: () => mirrorOf(topic),
        reads: [
          ...["message", "consensus_timestamp", "sequence_number", "topic_id"].map((each) => `messages.0.${each}`),
          "links.next",
        ],
        wrongQuery: "&order=sideways",
      },
    ]),
  ),
};
const all = Object.entries(REQUESTS);

const cookie = async () => (await t.app.sessions.issue(ana as UserId)).split(";")[0] as string;
const SIGNED_IN: Readonly<Record<string, () => Promise<Record<string, string>>>> = {
  "with a cookie": async () => ({ cookie: await cookie() }),
  "with a Magic token": async () => ({ authorization: `Bearer ${wallet.token(nowS())}` }),
};

async function send(
  { path, body, isEmptyPost }: UiRequest,
  signedIn: Record<string, string>,
  change: { body?: object; query?: string } = {},
) {
  const json = body && { body: { ...body(), ...change.body } };
  const headers = { ...signedIn, ...(isEmptyPost ? { "content-type": "application/json" } : {}) };
  const method = body || isEmptyPost ? "POST" : "GET";
  const response = await t.ask(method, path() + (change.query ?? ""), null, { headers, ...json });
  return { response, json: (await response.json()) as Record<string, unknown> };
}
const memberOf = (json: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], json);

describe.each(Object.entries(SIGNED_IN))("the web UI %s", (_, signIn) => {
  it.each(all)("finds every member that it reads: %s", async (_name, request) => {
    const { response, json } = await send(request, await signIn());
    expect(response.status, JSON.stringify(json)).toBe(request.status ?? 200);
    for (const path of request.reads) expect(memberOf(json, path), path).toBeDefined();
  });

  it.each(all.filter(([, { wrong, wrongQuery }]) => wrong ?? wrongQuery))(
    "is told what is wrong, in the members that it reads: %s",
    async (_name, request) => {
      const headers = await signIn();
      const changes = [
        ...(request.wrong ?? []).map((make) => ({ body: make() })),
        ...(request.wrongQuery === undefined ? [] : [{ query: request.wrongQuery }]),
      ];
      for (const change of changes) {
        const { response, json } = await send(request, headers, change);
        expect(response.status, JSON.stringify([change, json])).toBe(400);
        expectTold(json);
        expect(json.field).toEqual(expect.any(String));
      }
    },
  );
});

/** The UI takes the text from `error`, on the page of recognition from `message`, and success from `ok` or `success`. */
function expectTold(json: Record<string, unknown>): void {
  expect(json).toMatchObject({ ok: false, success: false, error: expect.stringMatching(/\w/) });
  expect(json.message).toBe(json.error);
}

describe.each([
  ["without a session", {}],
  ["with a cookie that has ended", { cookie: "tm_session=ended" }],
  ["with a token that is none", { authorization: "Bearer WyJ4IiwieSJd" }],
])("the web UI %s", (_, headers) => {
  it.each(all.filter(([, { isPublic }]) => !isPublic))("is refused in JSON: %s", async (_name, request) => {
    const { response, json } = await send(request, headers);
    expect(response.status).toBe(401);
    expectTold(json);
  });

  it.each(all.filter(([, { isPublic }]) => isPublic))("is answered all the same: %s", async (_name, request) => {
    const { response, json } = await send(request, headers);
    expect(response.status).toBe(200);
    for (const path of request.reads) expect(memberOf(json, path), path).toBeDefined();
  });
});

describe("a refusal that has a reason of its own", () => {
  it.each<[string, number, () => UiRequest]>([
    [
      "trust for a stranger",
      409,
      () => ({ ...requestNamed("trust"), body: () => ({ sessionId: ana, targetId: "0.0.7999" }) }),
    ],
    [
      "trust in another's name",
      403,
      () => ({ ...requestNamed("trust"), body: () => ({ sessionId: BEN, targetId: ana }) }),
    ],
    [
      "a message of an issuer whom nobody named",
      403,
      () => ({
        ...requestNamed("an issuer's message"),
        body: () => envelope("RECOGNITION_MINT", {}, { from: ISSUER }),
      }),
    ],
    [
      "a signal in another's name",
      403,
      () => {
        const request = requestNamed("a signal");
        return { ...request, body: () => ({ ...request.body?.(), issuerId: BEN, recipientId: ana }) };
      },
    ],
    [
      "a code for another's invitation",
      403,
      () => ({ ...requestNamed("an invitation's code"), body: () => ({ d: othersInvitation() }) }),
    ],
    [
      "a profile that is not there",
      404,
      () => ({ path: () => `/api/hcs/profile?hrl=hcs://11/${t.devnet.topics.profile}/99`, reads: [] }),
    ],
    ["a code that nobody has", 404, () => ({ path: () => "/api/qr/resolve?c=none", reads: [] })],
  ])("%s is told in the UI's members", async (_, status, make) => {
    const { response, json } = await send(make(), { cookie: await cookie() });
    expect(response.status, JSON.stringify(json)).toBe(status);
    expectTold(json);
  });
});

const requestNamed = (name: string): UiRequest => REQUESTS[name] as UiRequest;
const othersInvitation = () => JSON.stringify({ type: "CONTACT_REQUEST", jti: "j", from: { acct: BEN } });
