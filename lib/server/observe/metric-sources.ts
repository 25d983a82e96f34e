import "server-only";
/**
 * Exports the counters of an app's parts as metrics, which are read at each scrape. A scrape asks neither Postgres, Redis nor a
 * mirror, so it does not keep a database awake.
 */
import { Counter, Gauge, type Registry } from "prom-client";
import { INCIDENT_KINDS } from "../../core/health/incident";
import { keyOf } from "../../core/key";
import { SYNC_PHASES } from "../../core/sync/sync-phase";
import type { App } from "../boot/app";

type Labels = Readonly<Record<string, string>>;
type Tell = (labels: Labels, value: number) => void;
type Define = (name: string, help: string, labelNames: readonly string[], read: (tell: Tell) => void) => void;

const BREAKER = { closed: 0, "half-open": 1, open: 2 } as const;
const BREAKER_HELP = "0 closed, 1 half-open, 2 open";

/** Registers everything that `app` counts. */
export function followApp(registry: Registry, app: App): void {
  const registers = [registry];
  const counter: Define = (name, help, labelNames, read) => {
    new Counter({
      ...{ name: `trustmesh_${name}_total`, help, labelNames: [...labelNames], registers },
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  };
  const gauge: Define = (name, help, labelNames, read) => {
    new Gauge({
      ...{ name: `trustmesh_${name}`, help, labelNames: [...labelNames], registers },
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  };
  followCaches(app, counter, gauge);
  followShared(app, counter, gauge);
  followLedger(app, counter, gauge);
  followTopics(app, counter, gauge);
  followStreams(app, counter, gauge);
  followDoorbells(app, counter, gauge);
  followPacking(app, counter, gauge);
  followIncidents(app, counter, gauge);
}

function followCaches({ l1, stores, pending }: App, counter: Define, gauge: Define): void {
  gauge("l1_bytes", "Memory of the views cached in the process", [], (tell) => tell({}, l1.bytes));
  gauge("l1_users", "People whose views are cached in the process", [], (tell) => tell({}, l1.userCount));
  counter(
    "l1_fills",
    "Views cached after a load, or refused because a commit overtook the load",
    ["outcome"],
    (tell) => {
      tell({ outcome: "kept" }, l1.counters.fills);
      tell({ outcome: "refused" }, l1.counters.refusedFills);
    },
  );
  gauge("pending_users", "People with a write that has not come back from the ledger yet", [], (tell) =>
    tell({}, pending.userCount),
  );
  gauge("sql_breaker", BREAKER_HELP, [], (tell) => tell({}, BREAKER[stores.stats().circuit]));
  counter("sql_statements", "SQL statements by purpose", ["purpose", "outcome"], (tell) => {
    for (const [purpose, { statements, errors, refused }] of Object.entries(stores.stats().byPurpose)) {
      tell({ purpose, outcome: "answered" }, statements - errors);
      tell({ purpose, outcome: "failed" }, errors);
      tell({ purpose, outcome: "refused" }, refused);
    }
  });
}

function followShared({ sharedStats }: App, counter: Define, gauge: Define): void {
  if (sharedStats === null) return;
  counter("redis_commands", "Redis commands by purpose; refused ones were not sent", ["purpose", "outcome"], (tell) => {
    for (const [purpose, { commands, errors, refused }] of Object.entries(sharedStats().byPurpose)) {
      tell({ purpose, outcome: "answered" }, commands - errors);
      tell({ purpose, outcome: "failed" }, errors);
      tell({ purpose, outcome: "refused" }, refused);
    }
  });
  counter("redis_bytes", "Keys and values to and from Redis", ["purpose", "direction"], (tell) => {
    for (const [purpose, { sentBytes, receivedBytes }] of Object.entries(sharedStats().byPurpose)) {
      tell({ purpose, direction: "sent" }, sentBytes);
      tell({ purpose, direction: "received" }, receivedBytes);
    }
  });
  gauge("redis_breaker", BREAKER_HELP, [], (tell) => tell({}, BREAKER[sharedStats().circuit]));
  gauge("event_bus_connected", "1 while this instance receives commits of others", [], (tell) =>
    tell({}, sharedStats().bus.isConnected ? 1 : 0),
  );
  counter("event_bus", "Commit events published and received, losses detected, connections made", ["event"], (tell) => {
    const { published, received, missed, connections } = sharedStats().bus;
    for (const [event, count] of Object.entries({ published, received, missed, connections })) tell({ event }, count);
  });
}

function followLedger({ ledger, metrics, written }: App, counter: Define, gauge: Define): void {
  counter("mirror_requests", "Requests to mirror nodes", ["mirror", "outcome"], (tell) => {
    for (const { origin: mirror, requests, errors, rateLimited } of ledger.states()) {
      tell({ mirror, outcome: "answered" }, requests - errors);
      tell({ mirror, outcome: "rate-limited" }, rateLimited);
      tell({ mirror, outcome: "failed" }, errors - rateLimited);
    }
  });
  gauge("mirror_breaker", BREAKER_HELP, ["mirror"], (tell) => {
    for (const { origin: mirror, circuit } of ledger.states()) tell({ mirror }, BREAKER[circuit]);
  });
  gauge(
    "mirror_budget_wait_seconds",
    "Wait of the last request for the mirror budget; 0 while tokens are left",
    [],
    (tell) => tell({}, metrics.budget.waitMs / 1_000),
  );
  counter("mirror_budget_refused", "Requests refused because they would have waited too long", [], (tell) =>
    tell({}, metrics.budget.refused),
  );
  counter(
    "submitted",
    "Messages, transactions and bytes written to the ledger, and failed writes",
    ["what"],
    (tell) => {
      for (const [what, count] of Object.entries(written.counts)) tell({ what }, count);
    },
  );
  counter(
    "submitted_batches",
    "Ledger messages that carried several signals (SUBMIT_LINGER_MS), and the signals in them",
    ["what"],
    (tell) => {
      for (const [what, count] of Object.entries(written.batches)) tell({ what }, count);
    },
  );
}

function followTopics({ scheduler }: App, counter: Define, gauge: Define): void {
  gauge("topic_cursor", "Sequence number through which a topic is stored", ["topic"], (tell) => {
    for (const [topic, { cursor }] of scheduler.syncs) if (cursor !== null) tell({ topic }, cursor);
  });
  gauge(
    "topic_lag_seconds",
    "How long a topic has been behind its readers' demand; near 0 without readers",
    ["topic"],
    (tell) => {
      for (const topic of scheduler.syncs.keys()) tell({ topic }, scheduler.lagMs(topic) / 1_000);
    },
  );
  gauge("topic_state", "1 for the state that the topic's sync is in", ["topic", "state"], (tell) => {
    for (const [topic, { state }] of scheduler.syncs)
      for (const name of SYNC_PHASES) tell({ topic, state: name }, state.name === name ? 1 : 0);
  });
  counter("topic_messages", "Messages that this instance committed, by verdict", ["topic", "verification"], (tell) => {
    for (const [topic, { counts }] of scheduler.syncs)
      for (const verification of ["verified", "unverifiable", "failed"] as const)
        tell({ topic, verification }, counts[verification]);
  });
  counter(
    "topic_left_out",
    "Messages that this instance committed and shows in no view",
    ["topic", "reason"],
    (tell) => {
      for (const [topic, { counts }] of scheduler.syncs)
        for (const reason of ["undecodable", "untrusted", "unproven"] as const) tell({ topic, reason }, counts[reason]);
    },
  );
  counter("topic_commits", "Batches committed, or lost to another instance", ["topic", "outcome"], (tell) => {
    for (const [topic, { counts }] of scheduler.syncs) {
      tell({ topic, outcome: "committed" }, counts.commits);
      tell({ topic, outcome: "conflict" }, counts.conflicts);
    }
  });
  counter("topic_gaps", "Gaps that this instance declared", ["topic"], (tell) => {
    for (const [topic, { counts }] of scheduler.syncs) tell({ topic }, counts.gaps);
  });
}

function followStreams({ hub }: App, counter: Define, gauge: Define): void {
  gauge("streams_open", "Live streams of this instance", [], (tell) => tell({}, hub.size));
  counter(
    "streams",
    "Live streams requested: opened, or refused by the limit of a person or of the instance",
    ["outcome"],
    (tell) => {
      tell({ outcome: "opened" }, hub.counts.opened);
      tell({ outcome: "refused-per-user" }, hub.counts.refusedPerUser);
      tell({ outcome: "refused-per-instance" }, hub.counts.refusedPerInstance);
    },
  );
}

function followPacking({ packing, adminReads, clock, env }: App, counter: Define, gauge: Define): void {
  if (packing === null) return;
  const { counts } = packing;
  gauge(
    "topic_unpacked_messages",
    "Stored messages that packing has not looked at yet, including those younger than HOT_HOURS, as of the last look at the database",
    ["topic"],
    (tell) => {
      for (const { topicId: topic, cursor, packedThrough } of adminReads.topics.last?.value ?? [])
        tell({ topic }, cursor - packedThrough);
    },
  );
  gauge(
    "topic_packing_late_seconds",
    "By how much the 10,000th message that packing has not looked at is older than HOT_HOURS, as of the last look at the database; 0 if none is",
    ["topic"],
    (tell) => {
      const dueMs = clock.now() - env.HOT_HOURS * 3_600_000;
      for (const { topicId: topic, unpackedNs } of adminReads.topics.last?.value ?? [])
        tell({ topic }, unpackedNs === null ? 0 : Math.max(0, dueMs - Number(unpackedNs / 1_000_000n)) / 1_000);
    },
  );
  counter("packing_packed", "Messages, and rows of people, that this instance packed", ["what"], (tell) => {
    for (const [what, count] of Object.entries(counts.packed)) tell({ what }, count);
  });
  counter("packing_dropped", "Messages, and rows of people, that this instance dropped", ["what"], (tell) => {
    for (const [what, count] of Object.entries(counts.dropped)) tell({ what }, count);
  });
  counter(
    "packing_faults",
    "Failures of this instance to pack or to drop, without those of the database",
    ["step"],
    (tell) => {
      for (const [step, count] of Object.entries(counts.faults)) tell({ step }, count);
    },
  );
}

/** A subject that had an incident keeps its series at 0, which shows the end. At most this many are kept. */
const SUBJECTS_KEPT = 500;

function followDoorbells({ doorbells }: App, counter: Define, gauge: Define): void {
  if (doorbells === null) return;
  gauge("doorbells_live", "Topics whose doorbell this instance holds and that is live", [], (tell) =>
    tell({}, doorbells.liveCount),
  );
  counter(
    "doorbell_events",
    "Subscriptions of topics, those that failed, rings, and pulls after a ring",
    ["what"],
    (tell) => {
      for (const [what, count] of Object.entries(doorbells.counts)) tell({ what }, count);
    },
  );
}

function followIncidents({ incidents, health, written }: App, counter: Define, gauge: Define): void {
  const seen = new Map<string, Labels>();
  gauge(
    "incidents",
    "1 while this instance sees an incident, by code and subject",
    ["code", "subject", "severity"],
    (tell) => {
      health.look();
      for (const [code, { severity }] of Object.entries(INCIDENT_KINDS)) tell({ code, subject: "", severity }, 0);
      for (const labels of seen.values()) tell(labels, 0);
      for (const { code, subject, severity } of incidents.current()) {
        const labels = { code, subject: subject ?? "", severity };
        if (seen.size < SUBJECTS_KEPT) seen.set(keyOf(code, labels.subject), labels);
        tell(labels, 1);
      }
    },
  );
  counter("submit_failures", "Writes to the ledger that failed, by reason", ["reason"], (tell) => {
    for (const [reason, count] of Object.entries(written.failures)) tell({ reason }, count);
  });
}
