import { kindOfChunk } from "../../../core/ledger/chunks";
import type { LogEntry } from "../../../core/signals/batch";
import { disposition, NO_PAYER, verification } from "../codec/codes";
import { REF_SHIFT } from "../codec/ref";
import { shorten } from "../codec/shorthand";
import { Blob, numbers, type Params, texts } from "./params";

/** The CTE that writes the log. Bytes travel as one parameter, cut up by offsets: no encoding, and one copy. */
export function logPart(entries: readonly LogEntry[], params: Params, mayExist: boolean): string {
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
  const columns = [
    params.add(numbers(entries.map((entry) => entry.sequence)), "bigint[]"),
    params.add(numbers(entries.map((entry) => entry.consensusNs)), "bigint[]"),
    params.add(numbers(entries.map((entry) => verification.code(entry.verification))), "smallint[]"),
    params.add(numbers(entries.map((entry) => disposition.code(entry.disposition))), "smallint[]"),
    params.add(numbers(entries.map((entry) => entry.runningHashVersion)), "smallint[]"),
    params.add(texts(entries.map((entry) => entry.payer ?? NO_PAYER)), "text[]"),
    params.add(texts(entries.map((entry) => entry.reason)), "text[]"),
    params.add(texts(chunks.map((chunk) => chunk?.key || null)), "text[]"),
    params.add(numbers(chunks.map((chunk) => chunk?.number ?? null)), "integer[]"),
    params.add(numbers(chunks.map((chunk) => chunk?.total ?? null)), "integer[]"),
    params.add(numbers(offsets), "integer[]"),
    params.add(numbers(messages), "integer[]"),
    params.add(numbers(hashes), "integer[]"),
    params.add(numbers(bodies), "integer[]"),
  ];
  const bytes = params.add(blob.bytes(), "bytea");
  return `log AS (
  INSERT INTO topic_log AS l (ref, consensus_ns, verification, disposition, hash_version, chunk_number, chunk_total, payer,
    running_hash, message, chunk_key, body, reason)
  SELECT (gate.topic_no::bigint << ${REF_SHIFT}) | e.seq, e.ns, e.verification, e.disposition, e.hash_version, e.chunk_number,
    e.chunk_total, e.payer, substring(${bytes} FROM e.at + e.message FOR e.hash), substring(${bytes} FROM e.at FOR e.message),
    e.chunk_key, substring(${bytes} FROM e.at + e.message + coalesce(e.hash, 0) FOR e.body), e.reason
  FROM gate, unnest(${columns.join(", ")}) AS e (seq, ns, verification, disposition, hash_version, payer, reason, chunk_key,
    chunk_number, chunk_total, at, message, hash, body)${mayExist ? REPLACE : ""})`;
}

const OLD =
  "l.consensus_ns, l.verification, l.disposition, l.hash_version, l.chunk_number, l.chunk_total, l.payer, l.running_hash, l.message, l.chunk_key, l.body, l.reason";

/** An entry that is there as it should be is left alone: a topic that is restored must not be written twice. */
const REPLACE = `
  ON CONFLICT (ref) DO UPDATE SET consensus_ns = excluded.consensus_ns, verification = excluded.verification,
    disposition = excluded.disposition, hash_version = excluded.hash_version, chunk_number = excluded.chunk_number,
    chunk_total = excluded.chunk_total, payer = excluded.payer, running_hash = excluded.running_hash,
    message = excluded.message, chunk_key = excluded.chunk_key, body = excluded.body, reason = excluded.reason
  WHERE (${OLD}) IS DISTINCT FROM (${OLD.replaceAll("l.", "excluded.")})`;
