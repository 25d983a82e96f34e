import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DECODER_VERSION, decodeJson, decodeMessage } from "@/lib/core/signals/envelope";
import { definitionResolver } from "@/lib/core/signals/forms/recognitions";
import { claimsOf } from "@/lib/core/signals/projection";
import { bytesOf, VECTORS, type VectorCase } from "../../../support/repository/vectors";
import { HISTORY_TOPIC, timeOfDeed } from "../../../support/worlds/histories/histories";

/** Members that say what the message is, or that no reader takes for text. */
const STRUCTURE = new Set([
  ...["type", "kind", "t", "schema", "family", "subtype", "hcs", "v", "p", "iat", "chain"],
  ...["index", "count", "total"],
]);
const WEIGHTS = new Set(["weight", "amount"]);
const NAMES = ["Zaïnab", "Ben 🔭", "नमस्ते", "李雷", 'O\'Neil "Q"'];

const account = fc.integer({ min: 1, max: 99_999_999 }).map((n) => `0.0.${n}`);
const slug = fc.stringMatching(/^[a-zé日][a-z0-9é-]{0,30}$/).map((text) => `tm-${text}`);
const values = fc.record({
  accounts: fc.uniqueArray(account, { minLength: 6, maxLength: 6 }),
  slugs: fc.uniqueArray(slug, { minLength: 6, maxLength: 6 }),
  names: fc.shuffledSubarray(NAMES, { minLength: 3, maxLength: 3 }),
  did: fc.stringMatching(/^[0-9a-f]{40}$/).map((hex) => `did:ethr:0x${hex}`),
  text: fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 }),
  number: fc.oneof(fc.nat(), fc.double({ min: 0.001, max: 1e12, noNaN: true })),
  weight: fc.integer({ min: 1, max: 9 }),
});
type Values = typeof values extends fc.Arbitrary<infer V> ? V : never;

/** Other values for those that the expectation names, the same for the same. */
class Others {
  private readonly given = new Map<string, string>();
  private next = 0;

  constructor(private readonly from: Values) {}

  for(text: string): string {
    const known = this.given.get(text.toLowerCase());
    if (known !== undefined) return known;
    const { accounts, slugs, did } = this.from;
    const other = text.startsWith("did:")
      ? did
      : ((/^0\.0\.\d+$/.test(text) ? accounts : slugs)[this.next++ % 6] as string);
    this.given.set(text.toLowerCase(), other);
    return other;
  }

  name(text: string, place: number): string {
    const other = this.from.names[place] as string;
    this.given.set(text.toLowerCase(), other);
    return other;
  }

  inMessage(value: unknown, member = ""): unknown {
    if (Array.isArray(value)) return value.map((item) => this.inMessage(item));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.inMessage(each, name)]));
    if (STRUCTURE.has(member) || value === "peer:any") return value;
    if (WEIGHTS.has(member)) return this.from.weight;
    if (typeof value === "number") return this.from.number;
    return typeof value === "string" ? (this.given.get(value.toLowerCase()) ?? this.from.text) : value;
  }
}

interface Side {
  readonly handle: string | null;
}

/** The expectation with other values, and the message to which it belongs. */
function varied({ message, expect: told }: VectorCase, from: Values): { message: unknown; expected: object } {
  const others = new Others(from);
  const { actor, target, definitionId, weight, identity, actorParty, targetParty, ...rest } = told;
  const other = (value: unknown) => (typeof value === "string" ? others.for(value) : value);
  const side = (value: unknown, place: number) =>
    value === undefined ? {} : { handle: others.name((value as Side).handle ?? "", place) };
  const expected = {
    ...rest,
    ...(actor === undefined ? {} : { actor: other(actor) }),
    ...(target === undefined ? {} : { target: other(target) }),
    ...(definitionId === undefined ? {} : { definitionId: other(definitionId) }),
    actorParty: side(actorParty, 0),
    targetParty: side(targetParty, 1),
    ...(identity === undefined
      ? {}
      : {
          identity: Object.fromEntries(Object.entries(identity as object).map(([name, each]) => [name, other(each)])),
        }),
  };
  const isWeighed = weight !== undefined && /"(weight|amount)"/.test(JSON.stringify(message));
  return {
    message: others.inMessage(message),
    expected: { ...expected, ...(isWeighed ? { weight: from.weight } : weight === undefined ? {} : { weight }) },
  };
}

const web = VECTORS.filter(
  ({ message, expect: { undecodable } }) => message !== undefined && undecodable === undefined,
);

describe("message forms", () => {
  it.each(VECTORS.map((each) => [each.name, each] as const))("%s", (_, each) => {
    const result = decodeMessage(bytesOf(each));
    const { undecodable, ...expected } = each.expect;
    if (undecodable !== undefined) expect(result).toEqual({ ok: false, error: undecodable });
    else expect(result).toMatchObject({ ok: true, value: expected });
  });

  it.each(web.map((each) => [each.name, each] as const))("with other values: %s", (_, each) => {
    fc.assert(
      fc.property(values, (from) => {
        const { message, expected } = varied(each, from);
        expect(decodeJson(message)).toMatchObject({ ok: true, value: expected });
      }),
      { numRuns: 25 },
    );
  });

  it("keep the text of a definition, whichever member holds it", () => {
    for (const text of NAMES) {
      const fields = { id: "d", name: text, icon: "🤝", description: text };
      const forms = [
        { type: "recognition_definition_created", ...fields },
        { type: "recognition_definition_created", data: fields },
        { type: "RECOGNITION_DEFINITION", from: "tm-a", payload: fields },
        { type: "RECOGNITION_DEFINITION", from: "tm-a", payload: { t: "catalog.definition@2", def: fields } },
        { type: "CATALOG_UPSERT", items: [fields] },
        { type: "CATALOG_UPSERT", payload: { items: [fields] } },
      ];
      for (const form of forms) expect(claimsIn(form)).toMatchObject([{ title: text, icon: "🤝", description: text }]);
    }
  });

  it("let a catalogue's batch define each of its items that has an id", () => {
    const items = [{ base_id: "a", type_id: "a@1", name: "A" }, { name: "nobody" }, 5, { id: "b", label: "B" }];
    expect(
      claimsIn({ type: "CATALOG_UPSERT_OVERLAY", items }).map(({ definitionId, title }) => [definitionId, title]),
    ).toEqual([
      ["a", "A"],
      ["b", "B"],
    ]);
  });
});

function claimsIn(json: unknown) {
  const decoded = decodeJson(json);
  if (!decoded.ok) throw new Error(`${decoded.error}: ${JSON.stringify(json)}`);
  const place = { topicId: HISTORY_TOPIC, sequence: 1 as never, consensusNs: timeOfDeed(0) };
  return claimsOf({ decoded: decoded.value, ...place });
}

describe("the definition of a mint", () => {
  const definitions = [
    { definitionId: "grit.mentor@1", slug: "mentor" },
    { definitionId: "team-player", slug: null },
    { definitionId: "0.0.55", slug: "rizz@3" },
    { definitionId: "mentor@1", slug: null },
  ];
  it.each([
    ["grit.mentor@1", "grit.mentor@1"],
    ["grit.mentor", "grit.mentor@1"],
    ["grit.mentor@2", "grit.mentor@1"],
    ["mentor", "grit.mentor@1"],
    ["mentor@1", "mentor@1"],
    ["team-player@7", "team-player"],
    ["0.0.55", "0.0.55"],
    ["rizz", "0.0.55"],
    ["other", undefined],
    ["team-player@x", undefined],
    [null, undefined],
  ])("named %j is %j", (id, found) => {
    expect(definitionResolver(definitions)(id)?.definitionId).toBe(found);
  });
});

/**
 * If this fails because a message decodes to something else now, raise DECODER_VERSION in lib/core/signals/envelope.ts: without
 * that, stored messages keep the old meaning. Then copy the new digest here. New vectors alone only need the digest.
 */
const RESULTS = { version: 5, digest: "b40acc8d0bd44bdb" };

describe("the decoder's version", () => {
  it("belongs to the results of all vectors", () => {
    const results = VECTORS.map((each) => {
      const decoded = decodeMessage(bytesOf(each));
      const claims = decoded.ok && each.message !== undefined ? claimsIn(each.message) : [];
      return [decoded, claims];
    });
    const text = JSON.stringify(results, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
    expect({ version: DECODER_VERSION, digest }).toEqual(RESULTS);
  });
});
