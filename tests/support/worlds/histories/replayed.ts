/** Random histories of two topics, and everything that users see once both are synced. */
import fc from "fast-check";
import { expect } from "vitest";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { epochOf, POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";
import type { DefinitionClaim } from "@/lib/core/signals/projection";
import { circleView, contactsView } from "@/lib/core/signals/views";
import type { Stores } from "@/lib/server/boot/app";
import { DrivenClock } from "../../control/driven-clock";
import { chainOf, chunked, type Piece } from "../../mirrors/chain";
import { ScriptedLedger } from "../../mirrors/scripted-ledger";
import { addTopics } from "../../stores/add-topics";
import { emptyStores } from "../../stores/database";
import { syncOf } from "../topic-sync";

export const TOPICS = ["0.0.101", "0.0.102"] as TopicId[];
export const USERS = ["tm-a", "tm-b", "tm-c", "tm-d"] as UserId[];

/** Everything that users can see, without positions. Their order may differ, but this checks that they have no gaps. */
export async function stateOf({ views, sync }: Stores) {
  const users: Record<string, unknown> = {};
  for (const userId of USERS) {
    const { rows } = await views.signalsAfter(userId, 0, 10_000);
    const { edges, position } = await views.contacts(userId);
    // Positions count from the start of the present epoch.
    const before = epochOf(position) * POSITIONS_PER_EPOCH;
    expect(rows.map((row) => row.position)).toEqual(rows.map((_, index) => before + index + 1));
    expect(position).toBe(rows.length === 0 ? 0 : before + rows.length);
    users[userId] = {
      rows: rows
        .map(({ topicId, sequence, consensusNs, type, peerId, isActor, verification }) =>
          [topicId, sequence, consensusNs, type, peerId, isActor, verification].join(" "),
        )
        .sort(),
      contacts: contactsView(userId, edges),
      circle: circleView(userId, edges),
    };
  }
  const topics = (await sync.topics()).map(({ topicId, cursor, counts }) => ({ topicId, cursor, counts }));
  const profiles = [...(await views.profiles(USERS))].sort((a, b) => a.userId.localeCompare(b.userId));
  const byId = (a: { readonly definitionId: string }, b: { readonly definitionId: string }) =>
    a.definitionId.localeCompare(b.definitionId);
  const definitions = (await views.definitions(DEFINITIONS)).toSorted(byId);
  const catalogue = await views.catalogue({ trustedPayers: "*", limit: 100, limitOfUntrusted: 100 });
  const byOwner = (a: DefinitionClaim, b: DefinitionClaim) =>
    byId(a, b) || (a.actor ?? "").localeCompare(b.actor ?? "");
  const claims = (await sync.claimsOn(DEFINITIONS)).toSorted(byOwner);
  return { users, topics, profiles, definitions, claims, catalogue };
}

const DEFINITIONS = ["d1", "d2"];
const user = fc.constantFrom(...USERS);
const body = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom("CONTACT_REQUEST", "CONTACT_ACCEPT", "CONTACT_REVOKE"),
      from: user,
      to: user,
      handle: fc.string(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom("TRUST_ALLOCATE", "TRUST_REVOKE", "TRUST_DECLINE"),
      actor: user,
      target: user,
      weight: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("PROFILE_UPDATE"), actor: user, displayName: fc.string() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("RECOGNITION_DEFINITION"),
      actor: user,
      id: fc.constantFrom(...DEFINITIONS),
      title: fc.string({ minLength: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>("poison", [1], { type: "X" }) },
);
/** Some bodies come in chunks. */
export const pieces: fc.Arbitrary<readonly Piece[]> = fc
  .array(fc.tuple(body, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 40 })
  .map((bodies) =>
    bodies.flatMap(([each, split], i) => (split === 0 ? chunked(each, `key${i}`, 30).slice(0, 99) : [{ body: each }])),
  );

export const history = fc.tuple(pieces, pieces).map(([first, second]) => [
  chainOf(TOPICS[0] as string, first),
  // Its times lie between those of the first topic, and no two are equal.
  chainOf(TOPICS[1] as string, second, 1_790_000_000_500_000_007n),
]);

export async function stores(): Promise<Stores> {
  const opened = await emptyStores();
  await addTopics(
    opened.registry,
    TOPICS.map((topicId) => ({ topicId, kinds: ["contact"] })),
  );
  return opened;
}

export function ledgerOf(topics: readonly (readonly LedgerMessage[])[]): ScriptedLedger {
  const ledger = new ScriptedLedger();
  for (const messages of topics) ledger.set(messages);
  return ledger;
}

export async function cleanReplay(topics: readonly (readonly LedgerMessage[])[]) {
  const opened = await stores();
  const clock = new DrivenClock();
  for (const topicId of TOPICS) await clock.drive(syncOf(topicId, opened.sync, ledgerOf(topics), clock).run());
  return stateOf(opened);
}
