import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import {
  claimsOf as claimsIn,
  type DecodedMessage,
  type DefinitionClaim,
  definitionOf,
} from "@/lib/core/signals/projection";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, type PlainSignal, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const OTHER = topic("0.0.8");
const OWNER = user("tm-owner");
const STRANGER = user("tm-stranger");

const defines = (actor: string | null, title: string, ns: bigint, definitionId = "d"): PlainSignal => ({
  ...{ type: "RECOGNITION_DEFINITION", actor, definitionId, ns },
  metadata: { title },
});

export function definitionsContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addTopics(store.registry, [
      { topicId: T, kinds: ["recognition"] },
      { topicId: OTHER, kinds: ["recognition"] },
    ]);
  });
  const cursors = () => new Map([T, OTHER].map((topicId) => [topicId, 0]));
  const commit = async (at: Map<typeof T, number>, topicId: typeof T, signals: readonly PlainSignal[]) => {
    const cursor = at.get(topicId) as number;
    expect(await store.sync.commit(batchOf(topicId, cursor, signals))).toMatchObject({ kind: "committed" });
    at.set(topicId, cursor + signals.length);
  };
  const titles = async (ids: readonly string[]) =>
    new Map((await store.views.definitions(ids)).map(({ definitionId, title }) => [definitionId, title]));
  const claimsOf = async (id: string) => {
    const rows = await rawQuery(store.db, "SELECT claims FROM recognition_definitions WHERE definition_id = $1::text", [
      id,
    ]);
    const { claims } = rows[0] as { claims: unknown };
    return (typeof claims === "string" ? JSON.parse(claims) : claims) as Record<string, { title: string }>;
  };

  it("belong to the user who made them first; another user's claim to the same id is kept without effect", async () => {
    const at = cursors();
    await commit(at, T, [defines(OWNER, "mine", 10n), defines(STRANGER, "theirs", 20n)]);
    expect(await store.views.definitions(["d"])).toMatchObject([{ title: "mine", actor: OWNER, sequence: 1 }]);
    expect(await claimsOf("d")).toMatchObject({ [OWNER]: { title: "mine" }, [STRANGER]: { title: "theirs" } });
    await commit(at, T, [defines(OWNER, "mine, better", 30n), defines(STRANGER, "theirs, louder", 40n)]);
    expect(await store.views.definitions(["d"])).toMatchObject([{ title: "mine, better", sequence: 3 }]);
    // A trusted payer may correct it, and the owner may go on.
    await commit(at, OTHER, [defines(null, "corrected", 50n)]);
    expect((await titles(["d"])).get("d")).toBe("corrected");
    await commit(at, T, [defines(OWNER, "mine again", 60n)]);
    expect((await titles(["d"])).get("d")).toBe("mine again");
  });

  it("go to their first maker even if a topic brings the first claim late, with that maker's latest version", async () => {
    const at = cursors();
    await commit(at, T, [defines(STRANGER, "theirs", 20n), defines(STRANGER, "theirs, later", 25n)]);
    await commit(at, OTHER, [defines(OWNER, "mine", 10n)]);
    expect((await titles(["d"])).get("d")).toBe("mine");
    await commit(at, OTHER, [defines(STRANGER, "theirs, first", 5n)]);
    expect((await titles(["d"])).get("d")).toBe("theirs, later");
  });

  it("of the version before count as the only claim to their id", async () => {
    const at = cursors();
    await commit(at, T, [defines(OWNER, "mine", 10n)]);
    await rawQuery(store.db, "UPDATE recognition_definitions SET claims = NULL");
    expect((await titles(["d"])).get("d")).toBe("mine");
    await commit(at, T, [defines(STRANGER, "theirs", 20n)]);
    expect((await titles(["d"])).get("d")).toBe("mine");
    expect(Object.keys(await claimsOf("d")).sort()).toEqual([OWNER, STRANGER].sort());
  });

  it("end the same in any order, batches and topics", async () => {
    const actor = fc.constantFrom(null, "tm-a", "tm-b", "tm-c", "tm-d");
    const message = fc.record({ actor, isOther: fc.boolean(), ns: fc.integer({ min: 1, max: 1_000 }) });
    const history = fc.uniqueArray(message, { minLength: 1, maxLength: 8, selector: ({ ns }) => ns });
    const at = cursors();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(history, fc.nat(3), async (messages, cut) => {
        run += 1;
        const id = `id-${run}`;
        const signals = messages.map(({ actor: who, ns }, i) => defines(who, `v${i}`, BigInt(run * 10_000 + ns), id));
        const placed = signals.map((signal) => ({
          decoded: {
            ...{ ...signal, target: null, definitions: [{ id, fields: signal.metadata ?? {} }] },
          } as unknown as DecodedMessage["decoded"],
          ...{ topicId: T, sequence: 1 as never, consensusNs: signal.ns as never },
        }));
        const claims = new Map<string, DefinitionClaim[]>();
        for (const claim of placed.flatMap((each) => claimsIn(each)))
          claims.set(claim.actor ?? "", [...(claims.get(claim.actor ?? "") ?? []), claim]);
        const expected = definitionOf(
          [...claims.values()].map((own) => {
            const sorted = own.toSorted((a, b) => Number(a.consensusNs - b.consensusNs));
            return { ...(sorted.at(-1) as (typeof own)[number]), firstNs: (sorted[0] as (typeof own)[number]).firstNs };
          }),
        );
        // Each as a batch of its own, or a few together.
        for (let from = 0; from < signals.length; from += cut + 1) {
          const slice = signals.slice(from, from + cut + 1);
          for (const isOther of [false, true]) {
            const of = slice.filter((_, i) => messages[from + i]?.isOther === isOther);
            if (of.length > 0) await commit(at, isOther ? OTHER : T, of);
          }
        }
        expect((await titles([id])).get(id)).toBe(expected?.title);
      }),
      { numRuns: 25 },
    );
  });

  it("finds a definition by its id without the version, even if other ids begin alike", async () => {
    const ids = ["grit.a@2", "grit.a@1", "grit.ab@1", "grit.aa", "grit"];
    const signals = ids.map((id) => ({ type: "RECOGNITION_DEFINITION", actor: STRANGER, definitionId: id }));
    await store.sync.commit(batchOf(T, 0, signals));
    const found = async (id: string) => (await store.views.definitions([id])).map(({ definitionId }) => definitionId);
    expect(await found("grit.a")).toEqual(["grit.a@1"]);
    expect(await found("grit.ab")).toEqual(["grit.ab@1"]);
    expect(await found("grit.aa")).toEqual(["grit.aa"]);
    expect(await found("grit")).toEqual(["grit"]);
    expect(await found("gri")).toEqual([]);
  });
}
