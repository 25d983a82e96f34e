import "server-only";
/** Types of a wired app and of its opened parts. The file holds types only, so that each part can refer to the whole app. */
import type { MirrorLedger } from "../../adapters/mirror/mirror-ledger";
import type { Send } from "../../adapters/mirror/send";
import type { GrpcAddress } from "../../adapters/mirror-grpc/address";
import type { StatementsStats } from "../../adapters/postgres/drivers/statements";
import type { RedisClientStats } from "../../adapters/redis/client/client";
import type { EventBusStats } from "../../adapters/redis/events/event-bus";
import type { NodesPersistence } from "../../adapters/redis/persistence";
import type { RegisteredTopic } from "../../core/shards/registered-topic";
import type { TrustedPayers } from "../../core/signals/interpret";
import type { Incidents } from "../../engine/health/incidents";
import type { InstanceReporter } from "../../engine/health/instance-reporter";
import type { Doorbells } from "../../engine/live/doorbells";
import type { LiveHub } from "../../engine/live/live-hub";
import type { TopicRates } from "../../engine/live/topic-rates";
import type { DefinitionsGeneration, HeardCommits } from "../../engine/reads/invalidate";
import type { L1Cache } from "../../engine/reads/l1-cache";
import type { PendingSignals } from "../../engine/reads/pending";
import type { TieredRead } from "../../engine/reads/tiered-read";
import type { PackScheduler } from "../../engine/repair/pack-scheduler";
import type { RegistryCache } from "../../engine/shards/registry-cache";
import type { TopicRouter } from "../../engine/shards/topic-router";
import type { SyncScheduler } from "../../engine/sync/sync-scheduler";
import type { Signatures } from "../../engine/sync/topic/signatures";
import type { Invitations } from "../../engine/writes/invitations";
import type { SignOuts } from "../../engine/writes/sign-outs";
import type { SignalBatches } from "../../engine/writes/signal-batches";
import type { SubmitService } from "../../engine/writes/submit";
import type { Clock } from "../../ports/clock";
import type { Doorbell } from "../../ports/doorbell";
import type { Submitter } from "../../ports/ledger/submitter";
import type { TopicCreator } from "../../ports/ledger/topic-creator";
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import type { HotCache } from "../../ports/shared/hot-cache";
import type { InstanceReports } from "../../ports/shared/instance-reports";
import type { ViewCache } from "../../ports/shared/view-cache";
import type { WriteGuard } from "../../ports/shared/write-guard";
import type { AccountStore } from "../../ports/store/account-store";
import type { AdminStore } from "../../ports/store/admin-store";
import type { IdentityStore } from "../../ports/store/identity-store";
import type { LedgerLog } from "../../ports/store/ledger-log";
import type { ShardRegistry } from "../../ports/store/shard-registry";
import type { StoreStamp } from "../../ports/store/store-stamp";
import type { SyncStore } from "../../ports/store/sync/sync-store";
import type { UnreadableRows } from "../../ports/store/unreadable-rows";
import type { ViewStore } from "../../ports/store/view-store";
import type { InstancePlace } from "../../wire/operators/instance-report";
import type { CallerLimits } from "../access/caller-limits";
import type { Identities } from "../access/identities";
import type { MagicSignIn } from "../access/magic-sign-in";
import type { Sessions } from "../access/session";
import type { SignIn } from "../access/sign-in";
import type { AdminReads } from "../admin/reads";
import type { Shards } from "../admin/shards";
import type { TopicChecks } from "../admin/topic-checks";
import type { Env } from "../config/env";
import type { Health } from "../health/health";
import type { RememberedAnswers } from "../http/answers/remembered-answers";
import type { PublicMirror } from "../mirror/public-mirror";
import type { ReadersSeen } from "../mirror/readers-seen";
import type { Metrics } from "../observe/metrics";
import type { MinuteHistory } from "../observe/minute-history";
import type { RecentErrors } from "../observe/recent-errors";
import type { Tracing } from "../observe/trace-types";
import type { UiOrigin } from "../ui-origin/ui-origin";
import type { OfferedDefinitions } from "./catalogue";
import type { CountedSubmitter } from "./counted-submitter";
import type { FirstSync } from "./first-sync";

/** The durable tier, for sync and for readers. */
export interface Stores {
  readonly sync: SyncStore;
  readonly views: ViewStore;
  readonly ledgerLog: LedgerLog;
  readonly admin: AdminStore;
  /** Statement counts by purpose, and the state of the circuit breaker in front of the database. */
  stats(): StatementsStats;
  readonly accounts: AccountStore;
  readonly identities: IdentityStore;
  readonly registry: ShardRegistry;
  /** Stored rows that could not be read, so answers leave them out. */
  readonly unreadable: UnreadableRows;
  /** Tells how far the store has come, and so reveals a database that lost commits. */
  readonly stamp: StoreStamp;
  /** Refuses a ledger other than the one whose messages are stored. */
  claimLedger(ledger: string): Promise<void>;
  close(): Promise<void>;
}

export interface App {
  readonly env: Env;
  readonly clock: Clock;
  readonly log: Log;
  readonly incidents: Incidents;
  readonly stores: Stores;
  readonly hot: HotCache;
  /** Whether several instances share Redis. */
  readonly isShared: boolean;
  readonly bus: EventBus;
  readonly ledger: MirrorLedger;
  /** The topics; `openTopics` loads it. */
  readonly registry: RegistryCache;
  readonly router: TopicRouter;
  readonly shards: Shards;
  readonly scheduler: SyncScheduler;
  /** Null if no mirror tells when a topic moves. */
  readonly doorbells: Doorbells | null;
  readonly l1: L1Cache;
  readonly reader: TieredRead;
  readonly publicMirror: PublicMirror;
  readonly definitions: DefinitionsGeneration;
  readonly readersSeen: ReadersSeen;
  readonly offered: OfferedDefinitions;
  readonly heard: HeardCommits;
  readonly hub: LiveHub;
  readonly signatures: Signatures;
  readonly pending: PendingSignals;
  readonly submit: SubmitService;
  /** Signals that wait for others on their way to the ledger. Null without an operator key. */
  readonly batches: SignalBatches | null;
  readonly invitations: Invitations;
  readonly sessions: Sessions;
  readonly metrics: Metrics;
  readonly history: MinuteHistory;
  readonly errors: RecentErrors;
  /** Null if no collector is configured. */
  readonly tracing: Tracing | null;
  readonly rates: TopicRates;
  readonly checks: TopicChecks;
  /** Null if nothing is packed on this deployment. */
  readonly packing: PackScheduler | null;
  readonly adminReads: AdminReads;
  readonly instanceId: string;
  readonly place: InstancePlace;
  readonly startedMs: number;
  readonly reporter: InstanceReporter;
  /** Counts of writes to the ledger since the start, and of failed ones. */
  readonly written: Omit<CountedSubmitter, "submitter">;
  readonly health: Health;
  /** Redis commands by purpose, and the state of the subscription. Null without a shared tier. */
  readonly sharedStats: SharedTier["stats"] | null;
  readonly sharedPersistence: SharedTier["persistence"] | null;
  /** Redis (L2); null if nothing is shared. */
  readonly sharedViews: ViewCache | null;
  readonly signIn: SignIn;
  readonly identities: Identities;
  readonly magic: MagicSignIn;
  readonly signOuts: SignOuts;
  readonly limits: CallerLimits;
  /** Answers for every address that is not ours. Null without UI_ORIGIN. */
  readonly ui: UiOrigin | null;
  /** Cached answers of routes that answer everybody the same. */
  readonly remembered: RememberedAnswers;
  readonly trustedPayers: TrustedPayers;
  /** The account that pays for submitted messages. Null if nothing can be submitted. */
  readonly operatorId: string | null;
  /** The people to sign in as on a devnet. */
  readonly people: readonly { readonly userId: string; readonly name: string }[];
  readonly firstSync: FirstSync;
  /** Why the devnet of this process has ended. Null while it runs, and without a devnet. */
  devnetEnded(): string | null;
  /** Loads the registry of topics, and adds the configured topics to it. Before that, only the configured ones are known. */
  openTopics(): Promise<void>;
  close(): Promise<void>;
}

/** The parts of the network, either configured or started here. */
export interface NetworkParts {
  readonly mirrorUrls: readonly string[];
  /** The mirror's gRPC server that tells when a topic moves. Null or absent if there is none. */
  readonly mirrorGrpc?: GrpcAddress | null;
  readonly topics: readonly RegisteredTopic[];
  readonly trustedPayers: TrustedPayers;
  readonly submitter: Submitter | null;
  readonly operatorId?: string | null;
  /** Why the ledger that was started here has ended. Null while it runs. Absent if none was started. */
  readonly ended?: () => string | null;
  /** Tells this ledger from others of the same network name. Absent if there is no such id. */
  readonly ledgerId?: string;
  /** Null or absent if topics cannot be created here. */
  readonly creator?: TopicCreator | null;
  readonly people: App["people"];
  close(): Promise<void>;
}

/** Redis, the tier that instances share. */
export interface SharedTier {
  readonly hot: HotCache;
  readonly views: ViewCache;
  readonly bus: EventBus;
  readonly reports: InstanceReports;
  stats(): RedisClientStats & { readonly bus: EventBusStats };
  /** Whether Redis keeps its keys over a restart and when it is full. One command. */
  persistence(): Promise<NodesPersistence>;
  readonly guard: WriteGuard;
  close(): Promise<void>;
}

export interface Parts {
  readonly env: Env;
  /** Null if this process is the only one. */
  readonly shared?: SharedTier | null;
  /** Absent: Redis's, or one in memory if this process is the only one. */
  readonly guard?: WriteGuard;
  readonly stores: Stores;
  readonly network: NetworkParts;
  /** Null or absent: topics are polled. */
  readonly doorbell?: Doorbell | null;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Sends requests to mirrors. Absent: over HTTP. */
  readonly sendToMirror?: Send;
  /** The metrics that the opened parts count in. New ones if absent. */
  readonly metrics?: Metrics;
  readonly tracing?: Tracing | null;
  /** Where this instance runs. If absent, the environment says it. */
  readonly place?: InstancePlace;
}
