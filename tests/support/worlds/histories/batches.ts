/** Makes batches from plain signals, as the sync would commit them, without a ledger and without decoding. */

import { type ConsensusNs, consensusNs } from "@/lib/core/ledger/consensus-time";
import {
  type AccountId,
  parseSequence,
  parseTopicId,
  parseUserId,
  type Sequence,
  type TopicId,
} from "@/lib/core/ledger/ids";
import type { CursorAdvance, LogEntry, NextBatch, UserRow } from "@/lib/core/signals/batch";
import { project } from "@/lib/core/signals/interpret";
import type { DecodedMessage } from "@/lib/core/signals/projection";
import { unwrap } from "../../unwrap";

export interface PlainSignal {
  readonly type: string;
  readonly actor: string | null;
  readonly target?: string | null;
  readonly weight?: number;
  readonly definitionId?: string;
  readonly metadata?: Record<string, unknown>;
  readonly actorHandle?: string;
  readonly actorHrl?: string;
  /** Consensus time in nanoseconds. By default `timeOf` the topic and sequence. */
  readonly ns?: bigint;
  /** Body of the message. By default a short text that names topic and sequence. */
  readonly message?: Uint8Array;
  /** Members in which the log entry differs from a verified signal's. An entry with another disposition has no rows. */
  readonly entry?: Partial<LogEntry>;
}

export const PAYER = "0.0.1002" as AccountId;
export const topic = (id: string): TopicId => unwrap(parseTopicId(id));
export const user = (id: string) => unwrap(parseUserId(id));
export const seq = (n: number): Sequence => unwrap(parseSequence(n));
export const at = (ns: bigint): ConsensusNs => consensusNs(ns);

/** A hash that depends on the sequence number, so that a mix-up fails a test. */
export const hashOf = (sequence: number): Uint8Array => new Uint8Array(48).fill(sequence % 251);

/** A time that no other topic has: the topic's number gives the second. */
export const timeOf = (topicId: TopicId, sequence: number): ConsensusNs =>
  consensusNs(1_700_000_000_000_000_000n + BigInt(topicId.split(".")[2] ?? 0) * 1_000_000_000n + BigInt(sequence));

export interface BatchOptions {
  /** Sequence number of the first message. By default the cursor plus one. */
  readonly first?: number;
  readonly gap?: CursorAdvance["gap"];
}

/** A batch of consecutive messages that starts at `cursor`. */
export function batchOf(
  topicId: TopicId,
  cursor: number,
  signals: readonly PlainSignal[],
  options: BatchOptions = {},
): NextBatch {
  const first = options.first ?? cursor + 1;
  const entries = signals.map((signal, i) => logEntryOf(topicId, first + i, signal));
  const last = entries.at(-1);
  return {
    topicId,
    entries,
    ...meaningOf(topicId, signals, entries),
    advance: {
      from: cursor,
      to: {
        sequence: last?.sequence ?? cursor,
        hash: last?.runningHash ?? null,
        consensusNs: last?.consensusNs ?? 0n,
      },
      gap: options.gap ?? null,
    },
  };
}

function logEntryOf(topicId: TopicId, sequence: number, signal: PlainSignal): LogEntry {
  return {
    sequence: seq(sequence),
    consensusNs: signal.ns === undefined ? timeOf(topicId, sequence) : at(signal.ns),
    payer: PAYER,
    message: signal.message ?? new TextEncoder().encode(`${topicId}/${sequence}`),
    body: null,
    runningHash: hashOf(sequence),
    runningHashVersion: 3,
    verification: "verified",
    disposition: "signal",
    reason: null,
    chunk: null,
    ...signal.entry,
  };
}

function meaningOf(topicId: TopicId, signals: readonly PlainSignal[], entries: readonly LogEntry[]) {
  const rows: UserRow[] = [];
  const placed: DecodedMessage[] = [];
  for (const [i, signal] of signals.entries()) {
    const { sequence, consensusNs, verification, disposition } = entries[i] as LogEntry;
    if (disposition !== "signal") continue;
    const { type, weight, definitionId } = signal;
    const actor = signal.actor === null ? null : user(signal.actor);
    const target = signal.target ? user(signal.target) : null;
    const common = { consensusNs, sequence, type, verification };
    if (actor !== null) rows.push({ ...common, userId: actor, peerId: target, isActor: true });
    if (target !== null && target !== actor) rows.push({ ...common, userId: target, peerId: actor, isActor: false });
    placed.push({
      topicId,
      sequence,
      consensusNs,
      decoded: {
        type,
        actor,
        target,
        ...(weight === undefined ? {} : { weight }),
        ...(definitionId === undefined ? {} : { definitionId }),
        ...(type === "RECOGNITION_DEFINITION" && definitionId !== undefined
          ? { definitions: [{ id: definitionId, fields: signal.metadata ?? {} }] }
          : {}),
        metadata: signal.metadata ?? {},
        actorParty: { handle: signal.actorHandle ?? null, hrl: signal.actorHrl ?? null },
        targetParty: { handle: null, hrl: null },
      },
    });
  }
  return { rows, ...project(placed) };
}
