import "server-only";
/** Composes `GET /api/admin/status` for all instances. */
import { cappedAt, fittingPrefix, MAX_ANSWER_BYTES } from "../../core/bounds";
import { consensusNs, formatConsensusTime, toMs } from "../../core/ledger/consensus-time";
import type { SyncCounts } from "../../engine/sync/sync-counts";
import type {
  OperatorLogRow,
  RejectedEntry,
  RelationSize,
  StorageSizes,
  TopicOverview,
  TopicPeople,
} from "../../ports/store/admin-store";
import type { TopicCounts } from "../../ports/store/sync/topic-store";
import type { AdminStatus, RejectedMessage, StorageStatus, TopicStatus } from "../../wire/operators/admin";
import type { App } from "../boot/app";
import { mergeIncidents } from "../health/merge-incidents";
import { costOf } from "../observe/cost";
import { mergeErrors, sumHistories } from "../observe/history-sum";
import { reportsOf } from "../observe/instance-report";
import { instanceStatus, sumMirrors, sumReports } from "../observe/report-sum";
import { VERSION } from "../observe/version";
import { operatorLogEntry } from "./actions";
import { droppedCounts, droppedMessages } from "./dropped";
import { excerptOf } from "./excerpt";
import { startedOver } from "./started-over";

/** Characters of a rejected message that are shown: one line of a table. */
const REJECTED_CHARACTERS = 120;

/** The answer of `GET /api/admin/status`. While the database is down it has what this process remembers. */
export async function adminStatus(app: App): Promise<AdminStatus> {
  const { adminReads: reads, clock, env, scheduler, hub } = app;
  await app.health.examine();
  const [reports, topics, checks, firstUnverified, sizes, peopleByTopic, rejected, dropped] = await Promise.all([
    reportsOf(app),
    reads.topics.get(),
    reads.checks.get(),
    reads.firstUnverified.get(),
    reads.sizes.get(),
    reads.peopleByTopic.get(),
    reads.rejected.get(),
    droppedCounts(app),
  ]);
  const nowMs = clock.now();
  const total = sumReports(reports);
  const mirrors = sumMirrors(reports);
  const of = (name: "requests" | "errors" | "rateLimited") => mirrors.reduce((sum, mirror) => sum + mirror[name], 0);
  const headNs = scheduler.mirrorHeadNs;
  const topicStatuses = (topics?.value ?? topicsInMemory(app)).map((topic) => {
    const first = firstUnverified?.value.get(topic.topicId) ?? null;
    const check = checks?.value.filter(({ target }) => target === topic.topicId).sort((a, b) => b.id - a.id)[0];
    const people = peopleByTopic?.value?.get(topic.topicId) ?? null;
    return topicStatus(app, topic, {
      ...{ firstUnverified: first, people, check: check ?? null },
      dropped: dropped.get(topic.topicId),
    });
  });
  const instances = reports.map((report) => instanceStatus(report, report.instanceId === app.instanceId));
  const listedTopics = fittingPrefix(topicStatuses, MAX_ANSWER_BYTES * 0.5);
  const listedInstances = fittingPrefix(instances, MAX_ANSWER_BYTES * 0.3);
  return {
    network: env.HEDERA_NETWORK,
    version: VERSION,
    atMs: nowMs,
    incidents: mergeIncidents(reports, nowMs),
    instancesAreShared: app.isShared,
    total,
    instances: [...listedInstances],
    history: sumHistories(reports, nowMs),
    errors: mergeErrors(reports),
    database: {
      answers: !reads.topics.isFailing,
      topicsReadMs: topics?.readMs ?? null,
      messagesReadMs: rejected?.readMs ?? null,
    },
    topics: [...listedTopics],
    ...cappedAt({
      topics: [listedTopics.length, topicStatuses.length],
      instances: [listedInstances.length, instances.length],
    }),
    mirror: {
      requestsPerSecondMax: env.MIRROR_RPS,
      ...total.budget,
      ...{ requests: of("requests"), errors: of("errors"), rateLimited: of("rateLimited") },
      headTime: headNs === null ? null : formatConsensusTime(headNs),
      headLagMs: headNs === null ? null : Math.max(0, nowMs - toMs(headNs)),
      mirrors,
    },
    streams: { open: total.streams.open, perUserMax: env.STREAMS_PER_USER, perInstanceMax: hub.maxStreams },
    storage: sizes && storageStatus(sizes.value, sizes.readMs),
    rejected: rejected?.value.map(rejectedMessage) ?? [],
    cost: costOf(reports, sizes?.value.databaseBytes ?? null, nowMs),
  };
}

/** The topics as this instance knows them, for the time before the database's first answer. */
function topicsInMemory({ scheduler }: App): readonly TopicOverview[] {
  return scheduler.topics.map(({ topicId, kinds }) => {
    const sync = scheduler.syncs.get(topicId);
    return {
      ...{ topicId, kinds, cursor: sync?.cursor ?? 0, headHash: null, headNs: 0n },
      counts: committedHere(sync?.counts),
      ...{
        paused: sync?.state.name === "paused",
        projected: null,
        isDropping: false,
        syncAgainThrough: null,
        interpreted: sync?.cursor ?? 0,
        isReread: true,
        isReadTwice: false,
        packedThrough: 0,
        dropped: { through: 0, throughNs: 0n, hash: null },
        gaps: [],
        gapCount: 0,
        unpackedNs: null,
      },
    };
  });
}

/** Counts what this instance committed since its start. Only the database knows what is stored in all. */
function committedHere(counts: Partial<SyncCounts> = {}): TopicCounts {
  const none = { messages: 0, verified: 0, unverifiable: 0, failed: 0, undecodable: 0, untrusted: 0, unproven: 0 };
  const { messages, verified, unverifiable, failed, undecodable, untrusted, unproven } = { ...none, ...counts };
  return { messages, verified, unverifiable, failed, undecodable, untrusted, unproven };
}

/** Figures that are read less often than the topics. */
interface Beside {
  readonly firstUnverified: number | null;
  readonly people: TopicPeople | null;
  readonly check: OperatorLogRow | null;
  /** How many messages were dropped, if that is known. */
  readonly dropped: number | undefined;
}

function topicStatus(
  { scheduler, rates, clock }: App,
  topic: TopicOverview,
  { firstUnverified, people, check, dropped }: Beside,
): TopicStatus {
  const { topicId, cursor, counts, gaps, gapCount, headNs, paused } = topic;
  const sync = scheduler.syncs.get(topicId);
  const asOfNs = scheduler.asOfNs(topicId);
  const isAllVerified = counts.unverifiable + counts.failed === 0;
  const firstGap = gaps.find(({ state }) => state === "declared")?.from;
  return {
    topicId,
    kinds: [...topic.kinds],
    state: sync?.state.name ?? "not-kept",
    paused,
    cursor,
    interpreted: topic.interpreted,
    ...droppedMessages(topic.dropped, dropped),
    ...startedOver(topic, sync === undefined || scheduler.isRead(topicId)),
    asOf: asOfNs === null ? null : formatConsensusTime(asOfNs),
    lastMessageAt: headNs === 0n ? null : formatConsensusTime(consensusNs(headNs)),
    lagMs: scheduler.lagMs(topicId),
    gaps: gaps.map(({ from, to, state, firstSeenMs }) => ({ from, to, state: state as "hole", firstSeenMs })),
    gapCount,
    counts,
    verifiedThrough: Math.min(
      cursor,
      (firstGap ?? Number.POSITIVE_INFINITY) - 1,
      isAllVerified || firstUnverified === null ? Number.POSITIVE_INFINITY : firstUnverified - 1,
    ),
    perMinute: [...rates.perMinute(topicId)],
    users: people?.users ?? null,
    hottestShare: people === null || people.rows === 0 ? null : people.hottestRows / people.rows,
    lastError: sync?.lastError ?? null,
    retryAtMs: sync !== undefined && "retryAtMs" in sync.state ? wallMs(clock, sync.state.retryAtMs) : null,
    check: check && operatorLogEntry(check),
  };
}

/** Converts monotonic milliseconds to milliseconds since 1970. */
const wallMs = (clock: App["clock"], monotonicMs: number) =>
  Math.round(clock.now() + monotonicMs - clock.monotonicMs());

const bytesOf = ({ tableBytes, indexBytes }: Pick<RelationSize, "tableBytes" | "indexBytes">) =>
  tableBytes + indexBytes;

function storageStatus({ databaseBytes, relations }: StorageSizes, readMs: number): StorageStatus {
  const plain = ({ partitionOf: _, ...size }: RelationSize) => size;
  const parents = new Set(relations.map(({ partitionOf }) => partitionOf).filter((name) => name !== null));
  const partitioned = [...parents].map((name) => {
    const partitions = relations.filter(({ partitionOf }) => partitionOf === name).map(plain);
    const sum = (of: "rows" | "tableBytes" | "indexBytes") => partitions.reduce((total, each) => total + each[of], 0);
    return { name, rows: sum("rows"), tableBytes: sum("tableBytes"), indexBytes: sum("indexBytes"), partitions };
  });
  const whole = relations.filter(({ partitionOf }) => partitionOf === null);
  const tables = [...partitioned, ...whole.map((size) => ({ ...plain(size), partitions: [] }))];
  return { readMs, databaseBytes, tables: tables.sort((a, b) => bytesOf(b) - bytesOf(a)) };
}

function rejectedMessage({ start, consensusNs: ns, ...entry }: RejectedEntry): RejectedMessage {
  // Invalid UTF-8 becomes replacement characters.
  const text = excerptOf(new TextDecoder().decode(start), REJECTED_CHARACTERS, start.length >= entry.bytes);
  return { ...entry, consensusTimestamp: formatConsensusTime(ns), text };
}
