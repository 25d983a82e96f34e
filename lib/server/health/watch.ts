import "server-only";
/**
 * Keeps the judgement of health up to date: every few seconds while the process is awake, and whenever somebody asks. The
 * result is in `app.incidents`; everything that reports health reads it there.
 */
import type { RedisPersistence } from "../../core/health/health-facts";
import { JUDGED_CODES, judge } from "../../core/health/judgement";
import type { TopicId } from "../../core/ledger/ids";
import { keepUp } from "../../engine/sync/keep-up";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import type { App } from "../boot/app";
import { factsOf, type Tally, tallyOf } from "./facts";
import type { Health } from "./health";

/** A failure must be seen within 15 s, so several looks fit into that. */
const LOOK_MS = 5_000;
/** A health check probes the tiers at most this often. */
const PROBE_MS = 2_000;
/** A check that takes longer counts as a failure for its caller. */
const CHECK_MS = 3_000;
/** Calls are judged over this time, so that one bad second is no failure. */
const WINDOW_MS = { min: 10_000, max: 60_000 };
/** The longest pause of a topic that backs off, and its jitter. */
const SETTLE_MS = 75_000;
/** After this time some instance has done the demanded sync. If this instance does not know that yet, one more round shows it. */
const OWED_MS = 3_000;
/** After this time the database has the commits of other instances. Asking more often would cost one statement for each commit. */
const OVERVIEW_MS = 10_000;
/** A wrong set-up lasts longer than this, so it is checked only this often. */
const RARE_MS = 600_000;
/**
 * A start that has little to read is over within this time. Until then, messages that the first sync has not read yet are no incident.
 * Otherwise each restart would cause an incident and a warning in the log.
 */
const QUICK_START_MS = 3_000;
/** While something is wrong, this instance reports to the others this often. */
const REPORT_MS = 60_000;

export class HealthWatch implements Health {
  private readonly closing = new AbortController();
  private tallies: readonly Tally[] = [];
  private probe: { readonly atMs: number; readonly done: Promise<void> } | null = null;
  /** When each tier and mirror was last seen down. */
  private readonly lastDownMs = new Map<string, number>();
  private isPostgresSilent = false;
  private isRedisSilent = false;
  /**
   * Whether the last answer of a tier was late. A paused process gets a late answer too, so only the second late answer in a
   * row counts.
   */
  private wasLate = { postgres: false, redis: false };
  private isStarted = false;
  private firstLookMs: number | null = null;
  private heardMs: number | null = null;
  private progress = -1;
  /** Whether the mirror knows each empty topic. */
  private readonly existing = new Map<TopicId, boolean>();
  private persistence: RedisPersistence | null = null;
  private rareMs = Number.NEGATIVE_INFINITY;
  /** When the overview of the topics that last woke repairs was read. */
  private wokenMs = Number.NEGATIVE_INFINITY;
  private reportedMs = Number.NEGATIVE_INFINITY;
  private clocksAhead: readonly { readonly instanceId: string; readonly aheadMs: number }[] = [];

  constructor(private readonly appOf: () => App) {}

  /**
   * Whether this instance could serve at the last look. False while Postgres and Redis are both down, and before the first sync
   * has ended. If that sync fails, the instance serves what is stored.
   */
  canServe(): boolean {
    const { incidents, isShared, scheduler, adminReads } = this.appOf();
    const open = new Set(incidents.current().map(({ code }) => code));
    if (open.has("postgres-down") && (!isShared || open.has("redis-down"))) return false;
    if (this.isStarted) return true;
    const unread = [...scheduler.syncs].filter(([topicId]) => !scheduler.isRead(topicId));
    const isLoading = unread.some(([, { state }]) => state.name === "pulling" || state.name === "idle");
    const isAnythingStored = adminReads.topics.last?.value.some(({ cursor }) => cursor > 0) ?? false;
    return isAnythingStored && !isLoading;
  }

  /** Judges the known facts. Asks no tier. */
  look(): void {
    // The end of a part that ends with this process, such as the devnet, is no incident. A turn of the watch may still be under
    // way.
    if (this.closing.signal.aborted) return;
    const app = this.appOf();
    app.history.observe();
    const now = tallyOf(app);
    const nowMs = now.atMs;
    const { scheduler, sharedStats, incidents } = app;
    if (sharedStats === null || sharedStats().bus.isConnected) this.heardMs = nowMs;
    this.heardMs ??= nowMs;
    this.firstLookMs ??= nowMs;
    const running = [...scheduler.syncs].filter(([, { state }]) => state.name !== "paused");
    this.wakeRepairs(app);
    this.isStarted ||= running.every(([topicId]) => scheduler.isRead(topicId));
    const isStartQuick = !this.isStarted && nowMs - this.firstLookMs < QUICK_START_MS;
    const facts = factsOf(app, now, {
      before: (name) =>
        this.tallies.findLast(({ atMs }) => atMs <= nowMs - WINDOW_MS.min && atMs >= this.downMs(name)) ?? null,
      isPostgresSilent: this.isPostgresSilent,
      isRedisSilent: this.isRedisSilent,
      isStartQuick,
      isStarting: !this.isStarted && !isStartQuick,
      isSettling: nowMs - Math.max(...this.lastDownMs.values()) < SETTLE_MS,
      deafMs: nowMs - this.heardMs,
      persistence: this.persistence,
      unknownTopics: [...this.existing].flatMap(([topicId, exists]) => (exists ? [] : [topicId])),
      clocksAhead: this.clocksAhead,
    });
    incidents.settle(JUDGED_CODES, judge(facts));
    for (const { code, subject } of incidents.current())
      if (code in DOWN_NAMES) this.lastDownMs.set(subject ?? DOWN_NAMES[code as keyof typeof DOWN_NAMES], nowMs);
    this.tallies = [...this.tallies.filter(({ atMs }) => atMs > nowMs - WINDOW_MS.max), now];
  }

  /** Any instance may have stored unproven messages, by a resync too, and may have ended since. */
  private wakeRepairs({ adminReads, scheduler }: App): void {
    const overview = adminReads.topics.last;
    if (overview === null || overview.atMonotonicMs === this.wokenMs) return;
    this.wokenMs = overview.atMonotonicMs;
    for (const { topicId, counts } of overview.value)
      if (counts.unproven > 0) scheduler.syncs.get(topicId)?.repairStored();
  }

  /** Probes Postgres and Redis, unless they were probed just now, then judges. Takes three seconds at most. */
  async examine(): Promise<void> {
    const { clock } = this.appOf();
    if (this.probe === null || clock.monotonicMs() - this.probe.atMs >= PROBE_MS)
      this.probe = { atMs: clock.monotonicMs(), done: this.ask() };
    await this.probe.done;
    this.look();
  }

  /** Like `examine`, after demanding a sync of every topic. Longer syncs go on in the background. */
  async examineAsReader(): Promise<void> {
    await Promise.all([this.demand(), this.examine()]);
    this.look();
  }

  private downMs(name: string): number {
    return this.lastDownMs.get(name) ?? Number.NEGATIVE_INFINITY;
  }

  /** Takes in reports of other instances. A report from the future came from an instance whose clock is ahead. */
  heard(reports: readonly { readonly instanceId: string; readonly reportedMs: number }[]): void {
    const { clock, instanceId } = this.appOf();
    this.clocksAhead = reports
      .filter((report) => report.instanceId !== instanceId)
      .map((report) => ({ instanceId: report.instanceId, aheadMs: report.reportedMs - clock.now() }));
  }

  private async ask(): Promise<void> {
    const app = this.appOf();
    const [postgres, redis] = await Promise.all([this.inTime(this.askPostgres(app)), this.inTime(this.askRedis(app))]);
    this.isPostgresSilent = postgres === false || (postgres === "late" && this.wasLate.postgres);
    this.isRedisSilent = redis === false || (redis === "late" && this.wasLate.redis);
    this.wasLate = { postgres: postgres === "late", redis: redis === "late" };
  }

  /** Demands a sync. A failure shows in the state of the topics. */
  private demand(): Promise<boolean | "late"> {
    const demanded = this.appOf().scheduler.demand();
    return this.inTime(
      demanded.then(
        () => true,
        () => false,
      ),
    );
  }

  private async inTime(answers: Promise<boolean>): Promise<boolean | "late"> {
    const { clock } = this.appOf();
    const done = new AbortController();
    try {
      return await Promise.race([answers, clock.sleep(CHECK_MS, done.signal).then(() => "late" as const)]);
    } finally {
      done.abort();
    }
  }

  /** One statement. Its answer also holds the faults that the database itself knows of. */
  private async askPostgres({ adminReads }: App): Promise<boolean> {
    await adminReads.topics.get();
    return !adminReads.topics.isFailing;
  }

  /** One command, and a second one if the first is lost, because an idle connection may have died. */
  private async askRedis({ isShared, hot }: App): Promise<boolean> {
    if (!isShared) return true;
    for (let turn = 0; turn < 2; turn += 1) {
      try {
        await hot.ping();
        return true;
      } catch (cause) {
        if (!isTierUnavailable(cause, "redis")) throw cause;
      }
    }
    return false;
  }

  /** Watches until `close`, and keeps topics without readers current. For a process that lives on between requests. */
  start(): void {
    void this.watch();
    void keepUp(this.appOf(), this.closing.signal);
  }

  close(): void {
    this.closing.abort();
  }

  private async watch(): Promise<void> {
    const { clock, log } = this.appOf();
    const { signal } = this.closing;
    while (!signal.aborted) {
      try {
        await this.turn();
      } catch (cause) {
        log.error("a look at the state of health failed", { cause });
      }
      await clock.sleep(LOOK_MS, signal);
    }
  }

  /** Judges the facts. Probes a tier only if something is wrong, due or changed, so that a sleeping database stays asleep. */
  private async turn(): Promise<void> {
    const app = this.appOf();
    const isTierWrong =
      app.incidents.current().some(({ code }) => TIER_CODES.has(code)) ||
      [...app.scheduler.syncs.values()].some(({ state }) => state.name === "backing-off");
    if (app.scheduler.hasUnmetDemand(OWED_MS)) await this.demand();
    if (isTierWrong) await this.examineAsReader();
    else if (this.hasProgress(app)) await this.inTime(this.askPostgres(app));
    // The breaker of the mirrors' accounts bounds how often this asks one.
    if (app.signatures.trouble !== null) await this.inTime(app.signatures.probe().then(() => true));
    if (app.clock.monotonicMs() - this.rareMs >= RARE_MS && this.isStarted) await this.askRarely(app);
    this.look();
    this.reportAgain(app);
  }

  /**
   * Checks for settings and topic ids that were wrong from the start. Costs one Redis command, and one mirror request for each topic that
   * never had a message.
   */
  private async askRarely({ scheduler, ledger, sharedPersistence, clock }: App): Promise<void> {
    this.rareMs = clock.monotonicMs();
    this.persistence = (await sharedPersistence?.().catch(() => null)) ?? this.persistence;
    for (const [topicId, { cursor }] of scheduler.syncs) {
      if (cursor !== 0 || this.existing.get(topicId) === true) continue;
      const answer = await ledger.hasTopic(topicId);
      if (answer.ok) this.existing.set(topicId, answer.value);
    }
    for (const topicId of this.existing.keys())
      if ((scheduler.syncs.get(topicId)?.cursor ?? 1) > 0) this.existing.delete(topicId);
  }

  /** Reports open incidents again, because other instances take an incident for ended if its report is old. */
  private reportAgain({ incidents, isShared, reporter, clock }: App): void {
    if (!isShared || incidents.current().length === 0 || clock.monotonicMs() - this.reportedMs < REPORT_MS) return;
    this.reportedMs = clock.monotonicMs();
    reporter.notice();
  }

  /**
   * Whether anything was committed or changed since the last look at the database. If so, the database is awake anyway. Also true while
   * messages of a topic are dropped or folded again, because no event reports the end of that work. The work rests while its topic is
   * paused, so it does not count then.
   */
  private hasProgress(app: App): boolean {
    const progress = app.heard.count;
    const { value: topics = [], atMonotonicMs: readMs = Number.NEGATIVE_INFINITY } = app.adminReads.topics.last ?? {};
    const isWorking = topics.some(({ paused, isDropping, projected }) => !paused && (isDropping || projected !== null));
    if ((progress === this.progress && !isWorking) || app.clock.monotonicMs() - readMs < OVERVIEW_MS) return false;
    this.progress = progress;
    return true;
  }
}

/** For each incident of a tier that is down, the purpose under which its calls are counted. A mirror is named by its origin. */
const DOWN_NAMES = { "postgres-down": "postgres", "redis-down": "redis", "mirror-down": "mirror" } as const;

/** While one of these incidents is open, the tiers are probed, so that its end is seen. */
const TIER_CODES: ReadonlySet<string> = new Set([
  ...["postgres-down", "postgres-failing", "redis-down", "redis-failing"],
  ...["mirror-down", "mirror-failing", "topics-behind", "topic-stuck", "topic-hole"],
]);
