/** A refused write names the member at fault as its sender wrote it, and says what it must be. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nameOfRecognition } from "@/lib/client/format/sentences";
import type { RecognitionAnswer } from "@/lib/wire/recognition";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
let nonce = 1_000;

beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const envelope = (type: string, payload: object, more: object = {}) => ({
  type,
  from: ALICE,
  nonce: ++nonce,
  ts: Math.floor(t.clock.now() / 1_000),
  payload,
  ...more,
});
const submit = (body: object) => t.ask("POST", "/api/hcs/submit", ALICE, { body });

describe("refusals", () => {
  it.each([
    ["payload.target", () => envelope("TRUST_ALLOCATE", { target: "tm-stranger" })],
    ["payload.to", () => envelope("TRUST_ALLOCATE", { to: "tm-stranger" })],
    ["to", () => envelope("TRUST_ALLOCATE", {}, { to: "tm-stranger" })],
    ["payload.actors.to", () => envelope("TRUST_ALLOCATE", { actors: { to: "tm-stranger" } })],
    ["payload.to", () => envelope("CONTACT_REQUEST", { to: ALICE })],
    ["payload.recipient", () => envelope("CONTACT_REQUEST", { recipient: "no id" })],
    ["payload.target", () => envelope("CONTACT_REQUEST", {})],
    ["payload.amount", () => envelope("TRUST_ALLOCATE", { target: "tm-p1", amount: -1 })],
    ["payload.weight", () => envelope("TRUST_ALLOCATE", { target: "tm-p1", weight: 0 })],
    ["payload.note", () => envelope("TRUST_ALLOCATE", { target: "tm-p1", note: 5 })],
    ["payload.from.handle", () => envelope("CONTACT_REQUEST", { target: "tm-p1", from: { acct: ALICE, handle: 5 } })],
    ["payload.def.title", () => envelope("RECOGNITION_DEFINITION", { def: { id: "grit", title: 5 } })],
    ["payload.definitionId", () => envelope("RECOGNITION_MINT", { to: "tm-p1", definitionId: { id: "grit" } })],
    ["payload.definitionId", () => envelope("RECOGNITION_MINT", { to: "tm-p1" })],
    ["payload.to", () => envelope("RECOGNITION_MINT", { to: ALICE, name: "Grit" })],
    ["payload.recipient", () => envelope("NFT_MINT", { recipient: ALICE, name: "Grit" })],
    ["payload", () => envelope("PROFILE_UPDATE", {})],
    ["payload", () => envelope("PROFILE_UPDATE", {}, { displayName: "beside the payload" })],
    ["payload", () => envelope("PROFILE_UPDATE", { visibility: "public" })],
  ] as const)("name the member as the caller named it: %s", async (field, body) => {
    expect(await (await submit(body())).json()).toMatchObject({ field });
  });

  it.each([
    ["/api/trust/allocate", { sessionId: ALICE, targetId: "tm-stranger" }, "not-bonded", "targetId"],
    ["/api/trust/allocate", { sessionId: ALICE, targetId: ALICE }, "bad-input", "targetId"],
    ["/api/trust/allocate", { sessionId: ALICE, targetId: "tm-p1", weight: 2e9 }, "bad-input", "weight"],
    ["/api/trust/allocate", { sessionId: ALICE, targetId: "tm-p1", weight: "abc" }, "bad-input", "weight"],
    [
      "/api/recognition/create",
      { label: "Grit", emoji: "💪", lens: "base", to: { accountId: ALICE } },
      "bad-input",
      "to.accountId",
    ],
  ] as const)("name the member as the caller of %s named it: %j", async (path, body, code, field) => {
    const response = await t.ask("POST", path, ALICE, { body });
    expect(await response.json()).toMatchObject({ code, field });
  });

  it.each([
    [{ displayName: 5 }, "PROFILE_UPDATE", 'Write the member "displayName" as text.'],
    [{ id: "grit", title: 5 }, "RECOGNITION_DEFINITION", 'Write the member "title" as text.'],
    [{ to: "tm-p1", definitionId: 7 }, "RECOGNITION_MINT", 'Write the member "definitionId" as text.'],
    [
      { to: "tm-p1", definitionId: "" },
      "RECOGNITION_MINT",
      "Say what this recognition is: give the id of its definition as definitionId, or a name.",
    ],
    [{ to: ALICE, name: "Grit" }, "RECOGNITION_MINT", "Choose another person: this message cannot be for yourself."],
    [
      {},
      "PROFILE_UPDATE",
      "Give the payload at least one member of a profile: handle, displayName, bio, avatar or profileHrl. Members that are left out are deleted.",
    ],
    ...(["abc", -1, 0, 2_000_000_000, true].map((weight) => [
      { target: "tm-p1", weight },
      "TRUST_ALLOCATE",
      "Give trust a weight that is a number above 0 and at most 1,000,000,000.",
    ]) as [object, string, string][]),
    [
      { target: "tm-p1", note: "x".repeat(10_300) },
      "CONTACT_REQUEST",
      "This message is longer than 10,240 bytes. Shorten its text.",
    ],
  ] as const)("say what to do: %j as %s", async (payload, type, detail) => {
    expect(await (await submit(envelope(type, payload))).json()).toMatchObject({ detail });
  });
});

describe("a recognition whose definition is not known", () => {
  it("is written, and shows as pending until the definition comes", async () => {
    const answer = await submit(envelope("RECOGNITION_MINT", { to: "tm-bob", definitionId: "comes-later" }));
    const { minSequence } = (await answer.json()) as { minSequence: string };
    const read = async () => {
      const headers = { "if-min-sequence": minSequence };
      const view = (await (await t.ask("GET", "/api/recognition", "tm-bob", { headers })).json()) as RecognitionAnswer;
      return view.instances.map(({ pending, definition }) => [pending, definition?.title ?? null]);
    };
    expect(await read()).toEqual([[true, null]]);
    const defined = await submit(envelope("RECOGNITION_DEFINITION", { id: "comes-later", title: "Patience" }));
    expect(defined.status).toBe(200);
    await t.sync();
    expect(await read()).toEqual([[false, "Patience"]]);
  });
});

describe("a recognition that names no definition", () => {
  it.each(["name", "recognition", "label", "title"])(
    "waits for none, so it is never pending: only %s",
    async (member) => {
      const answer = await submit(envelope("RECOGNITION_MINT", { to: "tm-named", [member]: `By ${member}` }));
      const { minSequence } = (await answer.json()) as { minSequence: string };
      const headers = { "if-min-sequence": minSequence };
      const view = (await (
        await t.ask("GET", "/api/recognition", "tm-named", { headers })
      ).json()) as RecognitionAnswer;
      const [given] = view.instances;
      expect(given).toMatchObject({ pending: false, definition: null });
      expect(nameOfRecognition(given?.metadata ?? {})).toBe(`By ${member}`);
    },
  );
});

describe("a refused envelope", () => {
  it.each([
    ["a missing member", { from: undefined }, /^The member "from" is missing: it must be a string\.$/],
    [
      "a number without its standard",
      { type: 1 },
      /^The member "type" must be a name such as CONTACT_REQUEST, or a number /,
    ],
    ["an unknown type", { type: "HELLO" }, /^The member "type" must be one of CONTACT_REQUEST, [A-Z0-9_, ]+\.$/],
    ["a fraction for a whole number", { ts: 1.5 }, /^The member "ts" must be a whole number\.$/],
    ["a text for an object", { payload: "x" }, /^The member "payload" must be an object\.$/],
  ])("tells %s in plain words", async (_, wrong, detail) => {
    const response = await submit(envelope("CONTACT_REQUEST", { target: "tm-bob" }, wrong));
    expect(await response.json()).toMatchObject({ code: "bad-input", detail: expect.stringMatching(detail) });
  });
});
