import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicLog } from "../../../../drizzle/schema";
import { kindOfChunk } from "../../../core/ledger/chunks";
import type { LogEntry } from "../../../core/signals/batch";
import { packChunkInfo } from "../codec/chunk-info";
import { disposition, NO_PAYER, signatureState, verification } from "../codec/codes";
import { refOf } from "../codec/ref";
import { toShorthand } from "../codec/shorthand";
import { excluded, names, takeExcluded } from "../sql/expressions";
import { constantSql } from "../sql/template";
import { columnOf, unnested } from "../sql/unnested";

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
  l.chunkInfo,
  l.signature,
];

const INSERT = constantSql(sql`INSERT INTO ${topicLog} AS ${l} (${names(l.ref, ...CONTENT)})
  SELECT ${refOf(sql`gate.topic_no`, sql`e.seq`)}, e.consensus_ns, e.verification, e.disposition, e.hash_version, e.chunk_number,
    e.chunk_total, e.payer, substring(blob.bytes FROM e.at + e.message_bytes FOR e.hash_bytes),
    substring(blob.bytes FROM e.at FOR e.message_bytes), e.chunk_key,
    substring(blob.bytes FROM e.at + e.message_bytes + coalesce(e.hash_bytes, 0) FOR e.body_bytes), e.reason,
    substring(blob.bytes FROM e.at + e.message_bytes + coalesce(e.hash_bytes, 0) + coalesce(e.body_bytes, 0) FOR e.info_bytes), e.signature`);

/** The CTE that writes the log. All bytes travel as one value and are cut up by offsets: that takes no encoding, and one copy. */
export function logPart(entries: readonly LogEntry[], ifStored: "fails" | "is replaced" | "stays"): SQL {
  const blob = new Blob();
  const offsets: number[] = [];
  const messages: (number | null)[] = [];
  const hashes: (number | null)[] = [];
  const bodies: (number | null)[] = [];
  const infos: (number | null)[] = [];
  for (const entry of entries) {
    offsets.push(blob.end + 1);
    messages.push(blob.add(toShorthand(entry.message)));
    hashes.push(blob.add(entry.runningHash));
    bodies.push(blob.add(entry.body && toShorthand(entry.body)));
    infos.push(blob.add(packChunkInfo(entry.chunkInfo, entry)));
  }
  // Numbers that say "not split" are not kept: the SDK sends them with every message.
  const chunks = entries.map(({ chunk }) => (kindOfChunk(chunk) === "whole" ? null : chunk));
  const lengths = (name: string, values: readonly (number | null)[]) =>
    // Offsets and lengths are integers, as chunk numbers are.
    columnOf(topicLog.chunkNumber, values, (value) => value, name);
  const given = [
    columnOf(topicLog.ref, entries, ({ sequence }) => sequence, "seq"),
    columnOf(topicLog.consensusNs, entries, ({ consensusNs }) => consensusNs),
    columnOf(topicLog.verification, entries, (entry) => verification.code(entry.verification)),
    columnOf(topicLog.disposition, entries, (entry) => disposition.code(entry.disposition)),
    columnOf(topicLog.hashVersion, entries, ({ runningHashVersion }) => runningHashVersion),
    columnOf(topicLog.payer, entries, ({ payer }) => payer ?? NO_PAYER),
    columnOf(topicLog.reason, entries, ({ reason }) => reason),
    columnOf(topicLog.signature, entries, ({ signature }) => (signature ? signatureState.code(signature) : null)),
    columnOf(topicLog.chunkKey, chunks, (chunk) => chunk?.key || null),
    columnOf(topicLog.chunkNumber, chunks, (chunk) => chunk?.number ?? null),
    columnOf(topicLog.chunkTotal, chunks, (chunk) => chunk?.total ?? null),
    lengths("at", offsets),
    lengths("message_bytes", messages),
    lengths("hash_bytes", hashes),
    lengths("body_bytes", bodies),
    lengths("info_bytes", infos),
  ];
  return sql`log AS (
  ${INSERT} FROM gate, (SELECT ${blob.bytes()}::bytea AS bytes) blob, ${unnested("e", given)}${IF_STORED[ifStored]})`;
}

/** A stored entry that is right already is left alone: restoring a topic must not write it a second time. */
const REPLACE = constantSql(sql`
  ON CONFLICT (${names(l.ref)}) DO UPDATE SET ${takeExcluded(...CONTENT)}
  WHERE (${sql.join(CONTENT, sql`, `)}) IS DISTINCT FROM (${sql.join(CONTENT.map(excluded), sql`, `)})`);

const IF_STORED = {
  fails: undefined,
  "is replaced": REPLACE,
  stays: constantSql(sql` ON CONFLICT (${names(l.ref)}) DO NOTHING`),
};

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
