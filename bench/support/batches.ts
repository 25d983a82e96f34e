/**
 * Batches like those of a busy TrustMesh: two people for each message, 60 % of the messages about contacts and trust, bodies of
 * 300 bytes, and Hedera account ids.
 */

import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import type { LogEntry, NextBatch, UserRow } from "@/lib/core/signals/batch";
import { project } from "@/lib/core/signals/interpret";
import type { DecodedMessage } from "@/lib/core/signals/projection";
import { randomOf } from "./statistics";

const EDGE_TYPES = ["CONTACT_REQUEST", "CONTACT_ACCEPT", "CONTACT_ACCEPT", "TRUST_ALLOCATE"];
const OTHER_TYPES = ["RECOGNITION_MINT", "RECOGNITION_VALIDATE", "PAYMENT_SENT", "TRUST_ACCEPT"];
const EDGE_SHARE = 0.6;
const BODY_BYTES = 300;
/** Contacts of one person. Messages go back and forth between the same people. */
const PEERS = 50;

export interface World {
  readonly topicId: TopicId;
  /** Differs for each topic, because ledger times are unique. */
  readonly startNs: bigint;
  readonly users: number;
  readonly seed: number;
}

const userOf = (n: number) => `0.0.${7_000_000 + n}` as UserId;

/** `messages` messages in pages of `page`, from the topic's first sequence number. */
export function pagesOf(world: World, messages: number, page: number): NextBatch[] {
  const random = randomOf(world.seed);
  const batches: NextBatch[] = [];
  for (let cursor = 0; cursor < messages; cursor += page) {
    const size = Math.min(page, messages - cursor);
    const placed = Array.from({ length: size }, (_, i) => signalOf(world, cursor + i + 1, random));
    batches.push(batchOf(world, cursor, placed, random));
  }
  return batches;
}

function signalOf(world: World, sequence: number, random: () => number): DecodedMessage {
  const types = random() < EDGE_SHARE ? EDGE_TYPES : OTHER_TYPES;
  const type = types[Math.floor(random() * types.length)] as string;
  const actor = Math.floor(random() * world.users);
  const target = (actor + 1 + Math.floor(random() * PEERS)) % world.users;
  return {
    topicId: world.topicId,
    sequence: sequence as Sequence,
    consensusNs: consensusNs(world.startNs + BigInt(sequence) * 1_000_003n),
    decoded: {
      type,
      actor: userOf(actor),
      target: userOf(target),
      metadata: {},
      actorParty: { handle: `Person ${actor}`, hrl: null },
      targetParty: { handle: null, hrl: null },
    },
  };
}

function batchOf(world: World, cursor: number, placed: readonly DecodedMessage[], random: () => number): NextBatch {
  const entries = placed.map((signal) => entryOf(signal, random));
  const last = entries.at(-1) as LogEntry;
  return {
    topicId: world.topicId,
    entries,
    rows: placed.flatMap(rowsOf),
    ...project(placed),
    advance: {
      from: cursor,
      to: { sequence: last.sequence, hash: last.runningHash, consensusNs: last.consensusNs },
      gap: null,
    },
  };
}

function entryOf({ sequence, consensusNs, decoded }: DecodedMessage, random: () => number): LogEntry {
  const { type, actor, target } = decoded;
  const head = JSON.stringify({ hcs: "21", v: "1.0", type, from: actor, nonce: sequence, payload: { target } });
  return {
    sequence,
    consensusNs,
    payer: "0.0.1002" as AccountId,
    message: Buffer.from(head.padEnd(BODY_BYTES, random().toString(36).slice(2))),
    body: null,
    runningHash: Buffer.alloc(48, Math.floor(random() * 256)),
    runningHashVersion: 3,
    verification: "verified",
    disposition: "signal",
    reason: null,
    chunk: null,
  };
}

function rowsOf({ sequence, consensusNs, decoded }: DecodedMessage): UserRow[] {
  const { actor, target, type } = decoded;
  const row = { consensusNs, sequence, type, verification: "verified" as const };
  return [
    { ...row, userId: actor as UserId, peerId: target, isActor: true },
    { ...row, userId: target as UserId, peerId: actor, isActor: false },
  ];
}
