import "server-only";
/** Wires the way to the ledger: topic routing, submission, and the creation of topics. */
import { hash, randomInt, randomUUID } from "node:crypto";
import type { MirrorLedger } from "../../../adapters/mirror/mirror-ledger";
import type { TopicId } from "../../../core/ledger/ids";
import type { Incidents } from "../../../engine/health/incidents";
import { PendingSignals } from "../../../engine/reads/pending";
import { watchPublication } from "../../../engine/shards/publication";
import { TopicRouter } from "../../../engine/shards/topic-router";
import { EarlierWrites } from "../../../engine/writes/earlier-writes";
import { Invitations } from "../../../engine/writes/invitations";
import { SignalBatches } from "../../../engine/writes/signal-batches";
import { Slots } from "../../../engine/writes/slots";
import { SubmitService } from "../../../engine/writes/submit";
import type { Clock } from "../../../ports/clock";
import type { Log } from "../../../ports/log";
import type { AdminReads } from "../../admin/reads";
import { openShards, type Shards } from "../../admin/shards";
import type { Env } from "../../config/env";
import { pausedSentence } from "../../http/paused";
import type { NetworkParts, Stores } from "../app";
import { type CountedSubmitter, countedSubmitter } from "../counted-submitter";
import type { Sync } from "./sync";
import type { Tiers } from "./tiers";

/** The web UI scans codes of six to eight of these characters. Eight are 47 bits: nobody guesses one in the minutes that it lives. */
const CODE_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CODE_LENGTH = 8;

export interface Writes {
  readonly pending: PendingSignals;
  readonly router: TopicRouter;
  readonly shards: Shards;
  readonly submit: SubmitService;
  /** Signals that wait for others on their way to the ledger. Null without an operator key. */
  readonly batches: SignalBatches | null;
  readonly invitations: Invitations;
  /** Counts of writes to the ledger since the start, and of failed ones. */
  readonly written: Omit<CountedSubmitter, "submitter">;
}

interface WriteParts {
  readonly env: Env;
  readonly stores: Stores;
  readonly network: NetworkParts;
  readonly tiers: Tiers;
  readonly sync: Sync;
  readonly ledger: MirrorLedger;
  readonly adminReads: AdminReads;
  readonly clock: Clock;
  readonly log: Log;
  readonly incidents: Incidents;
}

/** Builds the way of writes to the ledger. Without an operator key they are refused. */
export function buildWrites(parts: WriteParts): Writes {
  const { env, stores, network, tiers, sync, ledger, clock, log } = parts;
  const { registry, scheduler } = sync;
  const { bus, hot, guard } = tiers;
  const cursorOf = (topicId: TopicId) => scheduler.syncs.get(topicId)?.cursor ?? null;
  const pending = new PendingSignals(clock, cursorOf);
  const { submitter, ...written } = countedSubmitter(network.submitter, clock);
  const router = new TopicRouter({ registry, store: stores.registry, scheduler, clock });
  const publication = watchPublication({
    ...{ registry, incidents: parts.incidents, configured: network.topics },
    isNamed: env.REGISTRY_TOPIC !== null,
  });
  const shards = openShards({
    ...{ stores, bus, ledger, submitter, creator: network.creator ?? null, clock, log },
    ...{ trustedPayers: network.trustedPayers, registryTopic: env.REGISTRY_TOPIC, prefix: env.TOPIC_PREFIX },
    mayStayUnpublished: env.isDevnet,
    onPublication: (reason) => publication.failed(reason),
  });
  const digest = (bytes: Uint8Array) => hash("sha256", bytes, "hex");
  const lingerMs = env.SUBMIT_LINGER_MS;
  const onBatch = (signals: number) => {
    written.batches.messages += 1;
    written.batches.signals += signals;
  };
  const batches = submitter && new SignalBatches({ submitter, lingerMs, clock, digest, onBatch });
  const isLingering = lingerMs > 0;
  const earlier = new EarlierWrites({ views: stores.views, scheduler, clock, isLingering, digest });
  const slots = new Slots({ views: stores.views, clock, cursorOf, isStrict: env.isStrict });
  const submit = new SubmitService({
    ...{ batches, guard, earlier, slots, pending, clock, router, digest, signatures: sync.signatures },
    newId: randomUUID,
    pausedSentence: (topicId) => pausedSentence(scheduler, parts.adminReads, topicId),
  });
  const newCode = () =>
    Array.from({ length: CODE_LENGTH }, () => CODE_CHARACTERS[randomInt(CODE_CHARACTERS.length)]).join("");
  const invitations = new Invitations({ hot, clock, newCode });
  return { pending, router, shards, submit, batches, invitations, written };
}
