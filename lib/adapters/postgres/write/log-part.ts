import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicLog } from "../../../../drizzle/schema";
import { kindOfChunk } from "../../../core/ledger/chunks";
import type { LogEntry } from "../../../core/signals/batch";
import { disposition, NO_PAYER, verification } from "../codec/codes";
import { refOf } from "../codec/ref";
import { shorten } from "../codec/shorthand";
import { excluded, names, takeExcluded } from "../sql/expressions";
import { of, unnested } from "../sql/unnested";

const l = alias(topicLog, "l");

/** All columns but the key. */
const CONTENT = [
  l.consensusNs,
  l.verification,
  l.disposition,
  l.hashVersion,
  l.chunkNumber,
  l.chunkTotal,
  l.payer,
  l.runningHash,
  l.message,
  l.chunkKey,
  l.body,
  l.reason,
];

/** The CTE that writes the log. The bytes travel as one value, cut up by offsets: no encoding, and one copy. */
export function logPart(entries: readonly LogEntry[], mayExist: boolean): SQL {
  const blob = new Blob();
  const offsets: number[] = [];
  const messages: (number | null)[] = [];
  const hashes: (number | null)[] = [];
  const bodies: (number | null)[] = [];
  for (const entry of entries) {
    offsets.push(blob.end + 1);
    messages.push(blob.add(shorten(entry.message)));
    hashes.push(blob.add(entry.runningHash));
    bodies.push(blob.add(entry.body && shorten(entry.body)));
  }
  // Numbers that say "not split" are not kept: the SDK sends them with every message.
  const chunks = entries.map(({ chunk }) => (kindOfChunk(chunk) === "whole" ? null : chunk));
  const given = [
    of(
      l.ref,
      entries.map(({ sequence }) => sequence),
      "seq",
    ),
    of(
      l.consensusNs,
      entries.map(({ consensusNs }) => consensusNs),
    ),
    of(
      l.verification,
      entries.map((entry) => verification.code(entry.verification)),
    ),
    of(
      l.disposition,
      entries.map((entry) => disposition.code(entry.disposition)),
    ),
    of(
      l.hashVersion,
      entries.map(({ runningHashVersion }) => runningHashVersion),
    ),
    of(
      l.payer,
      entries.map(({ payer }) => payer ?? NO_PAYER),
    ),
    of(
      l.reason,
      entries.map(({ reason }) => reason),
    ),
    of(
      l.chunkKey,
      chunks.map((chunk) => chunk?.key || null),
    ),
    of(
      l.chunkNumber,
      chunks.map((chunk) => chunk?.number ?? null),
    ),
    of(
      l.chunkTotal,
      chunks.map((chunk) => chunk?.total ?? null),
    ),
    ofLengths("at", offsets),
    ofLengths("message_bytes", messages),
    ofLengths("hash_bytes", hashes),
    ofLengths("body_bytes", bodies),
  ];
  return sql`log AS (
  INSERT INTO ${topicLog} AS ${l} (${names(l.ref, ...CONTENT)})
  SELECT ${refOf(sql`gate.topic_no`, sql`e.seq`)}, e.consensus_ns, e.verification, e.disposition, e.hash_version, e.chunk_number,
    e.chunk_total, e.payer, substring(blob.bytes FROM e.at + e.message_bytes FOR e.hash_bytes),
    substring(blob.bytes FROM e.at FOR e.message_bytes), e.chunk_key,
    substring(blob.bytes FROM e.at + e.message_bytes + coalesce(e.hash_bytes, 0) FOR e.body_bytes), e.reason
  FROM gate, (SELECT ${blob.bytes()}::bytea AS bytes) blob, ${unnested("e", given)}${mayExist ? REPLACE : undefined})`;
}

/** Offsets and lengths are integers, as chunk numbers are. */
const ofLengths = (name: string, lengths: readonly (number | null)[]) => of(l.chunkNumber, lengths, name);

/** An entry that is there as it should be is left alone: restoring a topic must not write it a second time. */
const REPLACE = sql`
  ON CONFLICT (${names(l.ref)}) DO UPDATE SET ${takeExcluded(...CONTENT)}
  WHERE (${sql.join(CONTENT, sql`, `)}) IS DISTINCT FROM (${sql.join(CONTENT.map(excluded), sql`, `)})`;

/** Byte strings one after the other, so that the bytes of a whole batch travel as one value and are cut up by offsets. */
class Blob {
  private readonly pieces: Uint8Array[] = [];
  private length = 0;

  get end(): number {
    return this.length;
  }

  /** Appends bytes, and returns their length; null for null. */
  add(bytes: Uint8Array | null): number | null {
    if (bytes === null) return null;
    this.pieces.push(bytes);
    this.length += bytes.length;
    return bytes.length;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.pieces, this.length);
  }
}
