import "server-only";
/** Collects everything stored and cached about one person, for operators. It changes nothing and renews no copy. */
import { formatConsensusTime } from "../../core/ledger/consensus-time";
import { TOPIC_KINDS, type TopicKind, type UserId } from "../../core/ledger/ids";
import { decodeMessage } from "../../core/signals/envelope";
import { isBonded, isIncoming, isOutgoing } from "../../core/signals/projection";
import { ifDown } from "../../ports/tier-unavailable";
import type { PersonLookup } from "../../wire/operators/lookup";
import type { App } from "../boot/app";

const WRITES_SHOWN = 10;

/** One message type of each kind, because the router routes by type. */
const TYPE_OF_KIND: Readonly<Record<TopicKind, string>> = {
  contact: "CONTACT_REQUEST",
  trust: "TRUST_ALLOCATE",
  recognition: "RECOGNITION_MINT",
  profile: "PROFILE_UPDATE",
};

/**
 * Null if nothing is stored for this id. Up to seven statements and one Redis command. Rejects with TierUnavailable (postgres).
 */
export async function personLookup(app: App, userId: UserId): Promise<PersonLookup | null> {
  const { views, accounts, registry, admin } = app.stores;
  const [{ position, edges }, [profile], route, bindings, written, dropped, redis] = await Promise.all([
    views.contacts(userId),
    views.profiles([userId]),
    registry.user(userId),
    accounts.bindings(),
    views.written(userId, SINCE_EVER, WRITES_SHOWN),
    admin.droppedSignals(userId),
    app.sharedViews?.held(userId).catch(ifDown("redis", () => null)) ?? null,
  ]);
  const own = bindings.filter((binding) => binding.userId === userId).map(({ accountId }) => accountId);
  const endedUntilMs = app.signOuts.endedUntilMs(userId);
  const isKnown = position > 0 || edges.length > 0 || profile !== undefined || own.length > 0 || endedUntilMs !== null;
  if (!isKnown) return null;
  return {
    userId,
    name: profile?.displayName ?? profile?.handle ?? null,
    position,
    tier: route.tier,
    tenantId: route.tenantId,
    topics: await Promise.all(
      TOPIC_KINDS.map(async (kind) => ({
        kind,
        topicId: await app.router.getTopicForUser(userId, TYPE_OF_KIND[kind]),
      })),
    ),
    counts: {
      signals: route.signals,
      ...(dropped > 0 ? { droppedSignals: dropped } : {}),
      contacts: edges.filter(isBonded).length,
      requestsIn: edges.filter(isIncoming).length,
      requestsOut: edges.filter(isOutgoing).length,
    },
    accounts: own,
    sessions: { endedUntilMs, openStreams: app.hub.openOf(userId) },
    caches: {
      l1: app.l1.held(userId).map(({ name, view: { position: held, readMs, body }, isFresh }) => ({
        ...{ view: name, position: held, readMs, bytes: body.length, isFresh },
      })),
      redis: redis?.map(({ name, ...copy }) => ({ view: name, ...copy })) ?? null,
    },
    lastWrites: written.map(({ topicId, sequence, consensusNs, body }) => {
      const decoded = decodeMessage(body);
      const type = decoded.ok ? decoded.value.type : null;
      return { topicId, sequence, consensusTimestamp: formatConsensusTime(consensusNs), type };
    }),
  };
}

const SINCE_EVER = 0n as Parameters<App["stores"]["views"]["written"]>[1];
