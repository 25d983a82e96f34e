/**
 * The yardstick of the commit rows: COPY of the same rows into tables without indexes and constraints, one transaction for each
 * page. It has no cursor, no positions and no merging, so it shows what the disk format alone costs.
 */
import type { Batch } from "@/lib/core/signals/batch";

export const COPY_TABLES = ["copy_log", "copy_rows", "copy_edges"] as const;
export type CopyTable = (typeof COPY_TABLES)[number];

export const CREATE_COPY_TABLES = `
  CREATE TABLE copy_log (ref bigint, consensus_ns bigint, verification smallint, disposition smallint, hash_version smallint,
    payer text, running_hash bytea, message bytea);
  CREATE TABLE copy_rows (consensus_ns bigint, ref bigint, user_id text, n integer, peer_id text, type text, flags smallint);
  CREATE TABLE copy_edges (user_id text, peer_id text, accept_ns bigint, request_out_ns bigint, request_in_ns bigint,
    trust_out_ns bigint, trust_in_ns bigint, trust_out_weight double precision, trust_in_weight double precision,
    peer_handle_ns bigint, peer_handle text);`;

export const TRUNCATE_COPY_TABLES = `TRUNCATE ${COPY_TABLES.join(", ")}`;

const hex = (bytes: Uint8Array | null) => (bytes === null ? "\\N" : `\\\\x${Buffer.from(bytes).toString("hex")}`);
const orNull = (ns: bigint) => (ns === 0n ? "\\N" : String(ns));
const lines = (rows: readonly (readonly unknown[])[]) => Buffer.from(rows.map((row) => `${row.join("\t")}\n`).join(""));

/** A page in COPY's text format, made before the clock starts. */
export function copyText(batch: Batch): Readonly<Record<CopyTable, Buffer>> {
  return {
    copy_log: lines(
      batch.entries.map((e) => [e.sequence, e.consensusNs, 0, 0, 3, e.payer, hex(e.runningHash), hex(e.message)]),
    ),
    copy_rows: lines(
      batch.rows.map((r, i) => [r.consensusNs, r.sequence, r.userId, i, r.peerId ?? "\\N", r.type, r.isActor ? 4 : 0]),
    ),
    copy_edges: lines(
      batch.edges.map((e) => [
        ...[
          e.userId,
          e.peerId,
          orNull(e.acceptNs),
          orNull(e.requestOutNs),
          orNull(e.requestInNs),
          orNull(e.trustOutNs),
        ],
        ...[orNull(e.trustInNs), e.trustOutWeight, e.trustInWeight, orNull(e.peerHandleNs), e.peerHandle ?? "\\N"],
      ]),
    ),
  };
}
