/**
 * Conditions that an operator should know of. One table says how bad each is and what to do, so that the operators' page, the
 * health routes, alarms, metrics, `doctor` and the log give the same answer.
 */

/** `critical`: readers may see something wrong or nothing new. `warning`: it will become critical, or needs a decision. */
type Severity = "critical" | "warning";

interface IncidentKind {
  readonly severity: Severity;
  /** One sentence that starts with a verb: what the operator does about it. */
  readonly action: string;
}

/** Every kind of incident. Keys are stable: alarms and dashboards name them. */
export const INCIDENT_KINDS = {
  "topic-reset": {
    severity: "critical",
    action: "Check that HEDERA_NETWORK and MIRROR_URL are right, then start this topic over from the ledger.",
  },
  "database-went-back": {
    severity: "critical",
    action:
      "Find out which commits the failover or restore lost: only a backup brings back bindings, sign-outs and the log of operators.",
  },
  "registry-not-published": {
    severity: "warning",
    action:
      "Run npm run shards -- publish --new, set REGISTRY_TOPIC on all instances to the topic that it prints, and publish once more.",
  },
  "redis-went-back": {
    severity: "warning",
    action:
      "Find out why Redis restarted from an older state: turn on its persistence, or fail over to a replica that keeps up.",
  },
  "mirror-foreign": {
    severity: "warning",
    action: "Ask the mirror's operator, or put another mirror into MIRROR_URL; the wrong answers are not stored.",
  },
  "mirrors-disagree": {
    severity: "critical",
    action: "Find out which of the mirrors is right, take the other out of MIRROR_URL, then audit the topic.",
  },
  "replicas-apart": {
    severity: "warning",
    action:
      "Put the address of one replica, or of a mirror without replicas, into MIRROR_URL; until then freshness is understated.",
  },
  "head-in-future": {
    severity: "critical",
    action: "Compare this machine's clock with a time server; if it is right, put another mirror first in MIRROR_URL.",
  },
  starting: {
    severity: "warning",
    action: "Wait for the first sync; if its count does not rise, look at the other incidents and at the server's log.",
  },
  "postgres-down": {
    severity: "critical",
    action: "Check that the database runs, that DATABASE_URL is right, and that this machine can reach it.",
  },
  "postgres-failing": {
    severity: "warning",
    action: "Look at the database's own log, its disk, its locks and its load.",
  },
  "redis-down": {
    severity: "critical",
    action:
      "Check that Redis runs, has memory left, and that its URL and token are right: nobody can write or sign in with a wallet without it.",
  },
  "redis-failing": {
    severity: "warning",
    action: "Look at the memory, the load and the limits of Redis.",
  },
  "redis-forgets": {
    severity: "warning",
    action: "Turn on appendonly and set maxmemory-policy to noeviction, so that no write can happen twice.",
  },
  "devnet-ended": {
    severity: "critical",
    action: "Restart the app: it starts the devnet again, with everything that was on its ledger.",
  },
  "mirror-down": {
    severity: "warning",
    action: "Check MIRROR_URL and the mirror's own status; name a second mirror in MIRROR_URL if there is only one.",
  },
  "mirror-failing": {
    severity: "warning",
    action: "Lower MIRROR_RPS if it answers 429; otherwise put another mirror first in MIRROR_URL.",
  },
  "doorbell-down": {
    severity: "warning",
    action: "Check MIRROR_GRPC and the mirror's gRPC server, or remove MIRROR_GRPC: topics of open pages are polled.",
  },
  "budget-exhausted": {
    severity: "warning",
    action: "Raise MIRROR_RPS if the mirror allows it, or use fewer topics.",
  },
  "topics-behind": {
    severity: "critical",
    action: "Remove the cause that the sentence names; the sync then goes on by itself.",
  },
  "topic-unknown": {
    severity: "critical",
    action:
      "Check the TOPIC_ variables and HEDERA_NETWORK: the topic belongs to another network, or its id is misspelt.",
  },
  "topic-stuck": {
    severity: "warning",
    action: "Read the reason; if it stays, audit the topic and put another mirror first in MIRROR_URL.",
  },
  "topics-incomplete": {
    severity: "warning",
    action:
      "Wait until it is done; if nothing changes, resume the topics that are paused, and look at the server's log.",
  },
  "topic-hole": {
    severity: "warning",
    action: "Wait for GAP_GRACE_S; if another mirror has the messages, add it to MIRROR_URL.",
  },
  "topic-gap": {
    severity: "warning",
    action: "Resync the topic once a mirror in MIRROR_URL has the messages; the ledger has lost nothing.",
  },
  "identity-shared": {
    severity: "critical",
    action:
      "Set TOPIC_IDENTITY to another topic on all instances, then start them again; until then no token is accepted.",
  },
  "keys-unknown": {
    severity: "warning",
    action:
      "Put a mirror that answers accounts/{id}?timestamp= into MIRROR_URL; the messages are then judged by themselves.",
  },
  "topic-paused": {
    severity: "warning",
    action: "Resume the topic when the reason for the pause is gone.",
  },
  "message-failed": {
    severity: "critical",
    action:
      "Audit the topic; if another mirror has a different message there, put that mirror first in MIRROR_URL, then resync.",
  },
  "events-unheard": {
    severity: "warning",
    action: "Check that Redis lets this instance subscribe; until then it learns of other instances' commits late.",
  },
  "writes-failing": {
    severity: "critical",
    action: "Run npm run doctor: it compares the operator's key with the account, and tries to reach a node.",
  },
  "ui-unreachable": {
    severity: "critical",
    action: "Check that the web UI's own deployment runs, that UI_ORIGIN is right, and that this machine can reach it.",
  },
  "payers-open": {
    severity: "warning",
    action: "Set TRUSTED_PAYERS to the accounts that may write for others.",
  },
  "bonding-not-strict": {
    severity: "warning",
    action: "Remove STRICT_BONDING=off, unless everybody who can pay for a message may bond with anybody.",
  },
  "process-busy": {
    severity: "warning",
    action: "Run more instances, or give this one a faster processor; the metrics name the routes that take the time.",
  },
  "memory-full": {
    severity: "warning",
    action: "Lower L1_MAX_BYTES, give the process more memory, or run more instances.",
  },
  "clock-off": {
    severity: "warning",
    action: "Synchronise this machine's clock and the named one's with a time server (NTP).",
  },
  "unreadable-rows": {
    severity: "warning",
    action: "Resync the topics from the operators' page, or go back to the version that wrote these rows.",
  },
} as const satisfies Readonly<Record<string, IncidentKind>>;

export type IncidentCode = keyof typeof INCIDENT_KINDS;

/** A condition that lasts, as operators see it. */
export interface Incident {
  readonly code: IncidentCode;
  /** The topic, mirror, tier or instance it is about; null if it is about the whole deployment. */
  readonly subject: string | null;
  readonly severity: Severity;
  /** Milliseconds since 1970 at which this instance first saw it. */
  readonly sinceMs: number;
  /** One sentence: what is wrong. Holds no secret and nothing that people sent. */
  readonly summary: string;
  readonly action: string;
}

/** One thing that is wrong now. `sinceMs`: when it began, where that is known. */
export interface Finding extends Pick<Incident, "code" | "subject" | "summary"> {
  readonly sinceMs?: number;
}
