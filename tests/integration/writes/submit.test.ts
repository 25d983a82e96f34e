/** Writes: whose they are, what is refused, what a retry does, and how soon they show. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import type { ContactsAnswer } from "@/lib/wire/contacts";
import type { SignalsAnswer } from "@/lib/wire/signals";
import type { SubmitAnswer } from "@/lib/wire/submit";
import { DevnetSubmitter } from "../../support/mirrors/devnet-submitter";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
let submitter: DevnetSubmitter;
let nonce: number;

beforeEach(async () => {
  nonce = 1_000;
  t = await startTestApp({
    submitter: (devnet) => {
      submitter = new DevnetSubmitter(devnet);
      return submitter;
    },
  });
});
afterEach(() => t.close());

const envelope = (type: string, payload: object, more: object = {}) => ({
  type,
  from: ALICE,
  nonce: ++nonce,
  ts: Math.floor(t.clock.now() / 1_000),
  payload,
  ...more,
});
const submit = (body: object, headers: Record<string, string> = {}, userId = ALICE) =>
  t.ask("POST", "/api/hcs/submit", userId, { body, headers });
const code = async (response: Response) => ((await response.json()) as { code: string }).code;

/** Bonds Alice with `count` people, p1 to pN. */
async function bond(count: number): Promise<void> {
  t.devnet.submitMany(
    t.devnet.topics.contact,
    Array.from({ length: count }, (_, i) => ({ type: "CONTACT_ACCEPT", from: `tm-p${i + 1}`, to: ALICE })),
  );
  await t.sync();
}

describe("a write", () => {
  it("shows at once as pending, then as the ledger's own, under the same id", async () => {
    const stalled = t.devnet.faults.add({ kind: "stalledHead" });
    const answer = (await (await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }))).json()) as SubmitAnswer;
    expect(answer).toMatchObject({
      ok: true,
      topicId: t.devnet.topics.contact,
      sequenceNumber: 1,
      minSequence: `${t.devnet.topics.contact}=1`,
    });
    const before = await t.json<SignalsAnswer>("/api/signals", ALICE);
    expect(before.items).toMatchObject([
      {
        id: `${t.devnet.topics.contact}/1`,
        source: "pending",
        target: "tm-bob",
        consensusTimestamp: answer.consensusTimestamp,
      },
    ]);
    expect((await t.json<SignalsAnswer>("/api/signals", "tm-bob")).items).toEqual([]);
    t.devnet.faults.remove(stalled);
    const min = { "if-min-sequence": answer.minSequence };
    const after = (await (await t.ask("GET", "/api/signals", ALICE, { headers: min })).json()) as SignalsAnswer;
    expect(after.items).toMatchObject([
      { id: `${t.devnet.topics.contact}/1`, source: "hcs-cached", verified: "verified", position: 1 },
    ]);
    const contacts = (await (await t.ask("GET", "/api/contacts", "tm-bob", { headers: min })).json()) as ContactsAnswer;
    expect(contacts.requests.incoming).toMatchObject([{ peerId: ALICE }]);
  });

  it("goes to the topic of its kind, numeric or named", async () => {
    await bond(1);
    const topicOf = async (body: object) => ((await (await submit(body)).json()) as SubmitAnswer).topicId;
    const { contact, trust, recognition, profile } = t.devnet.topics;
    expect(await topicOf(envelope("TRUST_ALLOCATE", { target: "tm-p1" }))).toBe(trust);
    expect(await topicOf(envelope("PROFILE_UPDATE", { displayName: "A" }))).toBe(profile);
    expect(await topicOf({ ...envelope("", { target: "tm-p1", recognitionId: "x" }), hcs: "21", type: 5 })).toBe(
      recognition,
    );
    expect(await topicOf({ ...envelope("", { target: "tm-q" }), hcs: "21", type: 0 })).toBe(contact);
    expect(await topicOf(envelope("SYSTEM_UPDATE", { target: "tm-q" }))).toBe(recognition);
  });

  it("longer than one chunk comes back whole", async () => {
    const bio = "long ".repeat(400);
    const answer = (await (
      await submit(envelope("PROFILE_UPDATE", { displayName: "Alice", bio }))
    ).json()) as SubmitAnswer;
    const headers = { "if-min-sequence": answer.minSequence };
    const profiles = await (await t.ask("GET", `/api/profiles?ids=${ALICE}`, ALICE, { headers })).json();
    expect(profiles).toMatchObject({ profiles: [{ displayName: "Alice", bio: bio.trim() }] });
  });
});

describe("refusals", () => {
  it.each([
    [
      "somebody else's name",
      () => envelope("CONTACT_REQUEST", { target: "tm-bob" }, { from: "tm-bob" }),
      403,
      "not-yours",
    ],
    [
      "a time too long ago",
      () => envelope("CONTACT_REQUEST", { target: "tm-bob" }, { ts: Math.floor(t.clock.now() / 1_000) - 601 }),
      400,
      "bad-input",
    ],
    [
      "a time to come",
      () => envelope("CONTACT_REQUEST", { target: "tm-bob" }, { ts: Math.floor(t.clock.now() / 1_000) + 122 }),
      400,
      "bad-input",
    ],
    ["a contact without a target", () => envelope("CONTACT_REQUEST", {}), 400, "bad-input"],
    ["a contact with oneself", () => envelope("CONTACT_REQUEST", { target: ALICE }), 400, "bad-input"],
    ["a profile with a name that is no text", () => envelope("PROFILE_UPDATE", { displayName: 5 }), 400, "bad-input"],
    [
      "a definition with a title that is no text",
      () => envelope("RECOGNITION_DEFINITION", { id: "grit", title: 5 }),
      400,
      "bad-input",
    ],
    [
      "a recognition of nothing",
      () => envelope("RECOGNITION_MINT", { to: "tm-bob", definitionId: "" }),
      400,
      "bad-input",
    ],
    ["trust for a stranger", () => envelope("TRUST_ALLOCATE", { target: "tm-stranger" }), 409, "not-bonded"],
    [
      "a missing nonce",
      () => ({ ...envelope("CONTACT_REQUEST", { target: "tm-bob" }), nonce: undefined }),
      400,
      "bad-input",
    ],
    [
      "more text than the ledger takes",
      () => envelope("CONTACT_REQUEST", { target: "tm-bob", note: "x".repeat(20_000) }),
      413,
      "too-large",
    ],
  ] as const)("of %s cost nothing and say why", async (_, body, status, expected) => {
    const response = await submit(body());
    expect(response.status).toBe(status);
    const problem = (await response.json()) as { code: string; detail: string };
    expect(problem.code).toBe(expected);
    expect(problem.detail.length).toBeGreaterThan(10);
    expect(submitter.submitted).toEqual([]);
  });

  it("of another person's name say who is signed in now, and what to do", async () => {
    const response = await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }), {}, "tm-carol");
    const { detail, field } = (await response.json()) as { detail: string; field: string };
    expect(field).toBe("from");
    expect(detail).toContain("You are signed in as tm-carol now, and this message is from somebody else");
    expect(detail).toContain("Reload the page");
  });

  it("of a nonce further ahead than 130 s, so that nobody locks out a client that uses the time", async () => {
    await bond(1);
    const ask = (aheadMs: number) =>
      submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, { nonce: t.clock.now() + aheadMs }));
    for (const aheadMs of [130_001, Number.MAX_SAFE_INTEGER - t.clock.now()]) {
      const refused = await ask(aheadMs);
      expect(refused.status).toBe(400);
      const { detail, field } = (await refused.json()) as { detail: string; field: string };
      expect(field).toBe("nonce");
      expect(detail).toContain("the time in milliseconds");
      expect(detail).toContain("130 s ahead");
    }
    expect((await ask(130_000)).status).toBe(200);
    const made = await t.ask("POST", "/api/trust/allocate", ALICE, { body: { sessionId: ALICE, targetId: "tm-p1" } });
    expect(made.status).toBe(200);
  });

  it("are spared a device whose clock is ahead, after a message whose nonce this server made", async () => {
    await bond(1);
    const ask = () => submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, { nonce: t.clock.now() + 20_000 }));
    expect((await ask()).status).toBe(200);
    const made = await t.ask("POST", "/api/trust/allocate", ALICE, { body: { sessionId: ALICE, targetId: "tm-p1" } });
    expect(made.status).toBe(200);
    await t.clock.advance(1_000);
    expect((await ask()).status).toBe(200);
  });

  it("of a clock that is far ahead say so, and not that its nonce is", async () => {
    const madeMs = t.clock.now() + 180_000;
    const times = { nonce: madeMs, ts: Math.floor(madeMs / 1_000) };
    const refused = await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, times));
    expect(refused.status).toBe(400);
    const { detail, field } = (await refused.json()) as { detail: string; field: string };
    expect(field).toBe("ts");
    expect(detail).toContain("Check this device's clock");
  });

  it("of a nonce that is not larger than the last", async () => {
    expect((await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, { nonce: 50 }))).status).toBe(200);
    for (const repeated of [50, 49]) {
      const response = await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, { nonce: repeated }));
      expect(response.status).toBe(409);
      expect(await code(response)).toBe("nonce");
    }
    expect((await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, { nonce: 51 }))).status).toBe(200);
  });

  it("by a rule spend no nonce: another message may take it", async () => {
    await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, { nonce: 50 }));
    const refused = [
      envelope("TRUST_ALLOCATE", { target: "tm-stranger" }, { nonce: 51 }),
      envelope("CONTACT_REQUEST", { target: "tm-bob" }, { nonce: 51, ts: Math.floor(t.clock.now() / 1_000) - 601 }),
    ];
    for (const body of refused) expect((await submit(body)).ok).toBe(false);
    expect(await code(await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, { nonce: 50 })))).toBe("nonce");
    expect((await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, { nonce: 51 }))).status).toBe(200);
  });

  it("of the tenth slot, also when the ninth is still on its way", async () => {
    await bond(11);
    t.devnet.faults.add({ kind: "stalledHead" });
    for (let i = 1; i <= 9; i += 1)
      expect((await submit(envelope("TRUST_ALLOCATE", { target: `tm-p${i}` }))).status).toBe(200);
    const tenth = await submit(envelope("TRUST_ALLOCATE", { target: "tm-p10" }));
    expect(tenth.status).toBe(409);
    expect(await code(tenth)).toBe("slots-full");
    expect((await submit(envelope("TRUST_ALLOCATE", { target: "tm-p9" }))).status).toBe(200);
    expect((await submit(envelope("TRUST_REVOKE", { target: "tm-p9" }))).status).toBe(200);
    expect((await submit(envelope("TRUST_ALLOCATE", { target: "tm-p10" }))).status).toBe(200);
  });

  it("do not hit trust in somebody bonded a moment ago, but hit trust in somebody who was just revoked", async () => {
    t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-new", to: ALICE });
    await bond(1);
    t.devnet.faults.add({ kind: "stalledHead" });
    await submit(envelope("CONTACT_ACCEPT", { target: "tm-new" }));
    expect((await submit(envelope("TRUST_ALLOCATE", { target: "tm-new" }))).status).toBe(200);
    await submit(envelope("CONTACT_REVOKE", { target: "tm-p1" }));
    expect(await code(await submit(envelope("TRUST_ALLOCATE", { target: "tm-p1" })))).toBe("not-bonded");
  });

  it("of both when two writes race for the last slot: one gets it", async () => {
    await bond(10);
    for (let i = 1; i <= 8; i += 1) await submit(envelope("TRUST_ALLOCATE", { target: `tm-p${i}` }));
    const [ninth, tenth] = [
      envelope("TRUST_ALLOCATE", { target: "tm-p9" }),
      envelope("TRUST_ALLOCATE", { target: "tm-p10" }),
    ];
    const both = await Promise.all([submit(ninth), submit(tenth)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it("of bodies that are no JSON, no object, or not declared as JSON", async () => {
    const post = (body: string, headers = {}) => t.ask("POST", "/api/hcs/submit", ALICE, { body, headers });
    expect((await post("{")).status).toBe(400);
    expect((await post("null")).status).toBe(400);
    expect((await post("{}", { "content-type": "text/plain" })).status).toBe(415);
    expect((await post("x".repeat(70_000))).status).toBe(413);
  });

  it("of another site's page", async () => {
    const body = envelope("CONTACT_REQUEST", { target: "tm-bob" });
    expect(await code(await submit(body, { origin: "https://evil.example" }))).toBe("cross-site");
    expect(await code(await submit(body, { "sec-fetch-site": "cross-site" }))).toBe("cross-site");
    expect((await submit(body, { origin: "http://app.test", "sec-fetch-site": "same-origin" })).status).toBe(200);
  });
});

describe("a retry with the same Idempotency-Key", () => {
  it("gets the first answer and writes nothing", async () => {
    const body = envelope("CONTACT_REQUEST", { target: "tm-bob" });
    const first = await (await submit(body, { "idempotency-key": "k1" })).json();
    const second = await submit(body, { "idempotency-key": "k1" });
    expect(second.status).toBe(200);
    expect(await second.json()).toEqual(first);
    expect(submitter.submitted).toHaveLength(1);
  });

  it("gets the first answer when the message has become too old to be written", async () => {
    const body = envelope("CONTACT_REQUEST", { target: "tm-bob" });
    const first = await (await submit(body, { "idempotency-key": "k1" })).json();
    await t.clock.advance(3_600_000);
    expect(await (await submit(body, { "idempotency-key": "k1" })).json()).toEqual(first);
    expect(submitter.submitted).toHaveLength(1);
  });

  it("may go ahead after a refusal, but not after an unknown outcome", async () => {
    const body = envelope("CONTACT_REQUEST", { target: "tm-bob" });
    const again = () => submit(body, { "idempotency-key": "k2" });
    submitter.failWith = { code: "unavailable", message: "The Hedera network could not be reached." };
    expect((await again()).status).toBe(503);
    submitter.failWith = { code: "uncertain", message: "The ledger did not confirm in time." };
    expect(await code(await again())).toBe("uncertain");
    submitter.failWith = null;
    const running = await (await again()).json();
    expect(running).toMatchObject({ code: "in-progress", detail: expect.stringContaining("within 60 s, try again") });
    expect(submitter.submitted).toEqual([]);
    await t.clock.advance(60_000);
    expect((await again()).status).toBe(200);
    expect(submitter.submitted).toHaveLength(1);
  });

  it("gets neither a failure nor a second message for a completed write whose answer could not be saved", async () => {
    const body = envelope("CONTACT_REQUEST", { target: "tm-bob" });
    const away = () => Promise.reject(new TierUnavailable("redis", "down"));
    Object.assign(t.guard, { end: away });
    const first = await submit(body, { "idempotency-key": "k4" });
    expect(first.status).toBe(200);
    expect(await code(await submit(body, { "idempotency-key": "k4" }))).toBe("in-progress");
    expect(await (await submit(body, { "idempotency-key": "k5" })).json()).toEqual(await first.json());
    expect(await code(await submit(body))).toBe("nonce");
    expect(submitter.submitted).toHaveLength(1);
  });

  it("is the user's own: another user's key is another key", async () => {
    await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }), { "idempotency-key": "k3" });
    const other = await submit(
      envelope("CONTACT_REQUEST", { target: "tm-bob" }, { from: "tm-carol" }),
      { "idempotency-key": "k3" },
      "tm-carol",
    );
    expect(other.status).toBe(200);
    expect(submitter.submitted).toHaveLength(2);
  });
});

describe("ids and keys that hold a separator", () => {
  it("are not taken for another person's key", async () => {
    const write = async (from: string, key: string) => {
      const sent = await submit(
        envelope("CONTACT_REQUEST", { target: "tm-bob" }, { from }),
        { "idempotency-key": key },
        from,
      );
      return ((await sent.json()) as SubmitAnswer).sequenceNumber;
    };
    expect([await write("tm-x:y", "k1"), await write("tm-x", "y:k1"), await write("tm-x", "y%3Ak1")]).toEqual([
      1, 2, 3,
    ]);
  });
});

describe("an Idempotency-Key that came with another message before", () => {
  it("is refused in a sentence, while the first is under way and afterwards, and writes nothing", async () => {
    const messages = [1, 2].map(() => envelope("CONTACT_REQUEST", { target: "tm-bob" }) as object);
    const headers = { "idempotency-key": "k6" };
    const answers = await Promise.all(messages.map((message) => submit(message, headers)));
    const statuses = answers.map(({ status }) => status);
    // Which of the two comes first is not decided here.
    expect(statuses.toSorted()).toEqual([200, 422]);
    const refused = await submit(messages[statuses.indexOf(422)] as object, headers);
    expect([refused.status, await code(refused)]).toEqual([422, "key-reused"]);
    expect(submitter.submitted).toHaveLength(1);
  });
});

describe("a server without an operator key", () => {
  it("says that it only reads", async () => {
    await t.close();
    t = await startTestApp({ submitter: () => null });
    const response = await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }));
    expect(response.status).toBe(503);
    expect(await code(response)).toBe("read-only");
  });
});
