import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TOPIC_KINDS, type TopicId, type UserId } from "@/lib/core/ledger/ids";
import { foldRegistry, publicationMessages, type RegistryMessage } from "@/lib/core/shards/hcs2";
import { newShard, type Registry, type Shard, type TenantId } from "@/lib/core/shards/shards";
import { active, ofTenant, registryOf, standard } from "../../../support/worlds/shards/registries";

const group = fc.oneof(
  fc.constantFrom(...TOPIC_KINDS).map(standard),
  fc.constantFrom(...TOPIC_KINDS).map((kind) => ofTenant(kind, "acme" as TenantId)),
  fc.constantFrom(...TOPIC_KINDS).map((kind) => ({ tier: "busy", kind, owner: "0.0.7" as UserId }) as const),
);
const shard: fc.Arbitrary<Shard> = fc
  .record({
    group,
    segment: fc.nat(3),
    generation: fc.nat(2),
    state: fc.constantFrom("creating", "active", "draining", "drained"),
    topic: fc.option(fc.integer({ min: 1, max: 99 }), { nil: null }),
    routesFromNs: fc.option(fc.bigInt({ min: 0n, max: 2n ** 62n }), { nil: null }),
  })
  .map(({ group, segment, generation, state, topic, routesFromNs }) => ({
    ...newShard(group, segment, generation),
    ...{ state, topicId: topic === null ? null : (`0.0.${topic}` as TopicId), routesFromNs },
  }));
const registry: fc.Arbitrary<Registry> = fc
  .uniqueArray(shard, {
    maxLength: 12,
    selector: ({ tier, kind, owner, segment, generation }) => [tier, kind, owner, segment, generation].join(),
  })
  .map((shards) => ({ version: 1, shards }));

const append = (messages: readonly RegistryMessage[], texts: readonly string[]) => [
  ...messages,
  ...texts.map((text, i) => ({ sequence: messages.length + i + 1, text })),
];
const shardsOf = (messages: readonly RegistryMessage[]) => foldRegistry(messages).map(({ shard }) => shard);
const sorted = (shards: readonly Shard[]) =>
  shards.map((each) => JSON.stringify(each, (_, v) => (typeof v === "bigint" ? `${v}` : v))).sort();

describe("a published registry", () => {
  it("is read back unchanged, whatever was published before it, and nothing is left to publish", () => {
    fc.assert(
      fc.property(fc.array(registry, { minLength: 1, maxLength: 4 }), (registries) => {
        let messages: readonly RegistryMessage[] = [];
        const last = registries.at(-1) as Registry;
        for (const each of registries) messages = append(messages, publicationMessages(each, foldRegistry(messages)));
        const wanted = last.shards.filter(({ topicId }) => topicId !== null);
        const read = shardsOf(messages).filter((each) =>
          wanted.some(
            (of) =>
              [of.tier, of.kind, of.owner, of.segment, of.generation].join() ===
              [each.tier, each.kind, each.owner, each.segment, each.generation].join(),
          ),
        );
        expect(sorted(read)).toEqual(sorted(wanted));
        expect(publicationMessages(last, foldRegistry(messages))).toEqual([]);
        for (const { text } of messages) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_024);
      }),
    );
  });

  it("consists of HCS-2 operations: the first of a shard registers it, the next ones update it", () => {
    const [first] = active(standard("contact"), 1) as [Shard];
    const register = publicationMessages(registryOf([first]), []);
    expect(register.map((text) => JSON.parse(text))).toEqual([
      { p: "hcs-2", op: "register", t_id: first.topicId, metadata: expect.any(String) },
    ]);
    const draining: Shard = { ...first, state: "draining" };
    const update = publicationMessages(
      registryOf([draining]),
      foldRegistry(append([{ sequence: 1, text: "other" }], register)),
    );
    expect(update.map((text) => JSON.parse(text))).toMatchObject([{ op: "update", uid: "2", t_id: first.topicId }]);
  });

  it("drops deleted shards, and ignores messages that it does not understand", () => {
    const shards = active(standard("contact"), 2);
    const texts = [
      ...publicationMessages(registryOf(shards), []),
      '{"p":"hcs-2","op":"delete","uid":"1"}',
      "poison",
      "[]",
      '{"p":"hcs-2","op":"migrate","t_id":"0.0.9"}',
      '{"p":"hcs-2","op":"register","t_id":"0.0.9","metadata":"{}"}',
      '{"p":"hcs-2","op":"register","t_id":"none","metadata":"{}"}',
      `{"p":"hcs-2","op":"register","uid":"2","t_id":"0.0.9","metadata":${JSON.stringify('{"tier":"standard","kind":"contact","segment":0,"generation":0,"state":"active"}')}}`,
      `{"p":"hcs-2","op":"register","t_id":"0.0.9","metadata":${JSON.stringify('{"tier":"enterprise","kind":"contact","segment":0,"generation":0,"state":"active"}')}}`,
      `{"p":"hcs-2","op":"register","t_id":"0.0.9","metadata":${JSON.stringify('{"tier":"standard","owner":"acme","kind":"contact","segment":0,"generation":0,"state":"active"}')}}`,
      `{"p":"hcs-2","op":"update","uid":"77","t_id":"0.0.9","metadata":${JSON.stringify('{"tier":"standard","kind":"contact","segment":0,"generation":0,"state":"active"}')}}`,
    ];
    expect(shardsOf(append([], texts))).toEqual([shards[1]]);
  });

  it("never throws for any text", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 20 }), (texts) => {
        expect(Array.isArray(foldRegistry(append([], texts)))).toBe(true);
      }),
    );
  });
});
