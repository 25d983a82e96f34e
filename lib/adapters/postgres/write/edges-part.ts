/** Merges edges in SQL as `mergeEdge` of lib/core/signals/projection merges them; the contract suite compares the two. */
import { type SQL, sql } from "drizzle-orm";
import { alias, type PgColumn } from "drizzle-orm/pg-core";
import { contactEdges } from "../../../../drizzle/schema";
import type { EdgeTime } from "../../../core/signals/outdated";
import type { Edge } from "../../../core/signals/projection";
import { excluded, names } from "../sql/expressions";
import { constantSql } from "../sql/template";
import { type ColumnOfValues, columnOf, unnested } from "../sql/unnested";
import type { BatchUsers } from "./batch-users";

const e = alias(contactEdges, "e");

/** Registers that stand alone: the later time wins. */
const PLAIN = [
  "acceptNs",
  "acceptOutNs",
  "acceptInNs",
  "revokeNs",
  "requestOutNs",
  "requestInNs",
  "trustOutEndNs",
  "trustInEndNs",
] as const satisfies readonly EdgeTime[];

/** Registers with a value, which comes from the side that is later. */
const VALUED = [
  ["trustOutNs", "trustOutWeight"],
  ["trustInNs", "trustInWeight"],
  ["peerHandleNs", "peerHandle"],
  ["peerHrlNs", "peerHrl"],
] as const satisfies readonly (readonly [EdgeTime, keyof Edge])[];

const COLUMNS = [...PLAIN.map((key) => e[key]), ...VALUED.flatMap(([time, value]) => [e[time], e[value]])];

/** `greatest` ignores null, which means "never". */
const later = (time: PgColumn) => sql`${names(time)} = greatest(${time}, ${excluded(time)})`;
const ofLater = (time: PgColumn, value: PgColumn) =>
  sql`${names(value)} = CASE WHEN ${excluded(time)} > coalesce(${time}, 0) THEN ${excluded(value)} ELSE ${value} END`;

const REGISTERS = sql.join(
  [
    ...PLAIN.map((key) => later(e[key])),
    ...VALUED.flatMap(([time, value]) => [later(e[time]), ofLater(e[time], e[value])]),
  ],
  sql`,\n    `,
);

const INSERT = constantSql(sql`INSERT INTO ${contactEdges} AS ${e} (${names(e.userNo, e.peerNo, ...COLUMNS)})
  SELECT (SELECT numbers FROM people)[x.person], (SELECT numbers FROM people)[x.peer], ${names(...COLUMNS)}`);
const MERGE = constantSql(sql`ON CONFLICT (${names(e.userNo, e.peerNo)}) DO UPDATE SET ${REGISTERS}`);

const never = (ns: bigint) => (ns === 0n ? null : ns);

/** The CTE that merges the edges in; none if there are no edges. */
export function edgesPart(edges: readonly Edge[], users: BatchUsers): readonly SQL[] {
  if (edges.length === 0) return [];
  const timesOf = (key: EdgeTime) => columnOf(contactEdges[key], edges, (edge) => never(edge[key]));
  const given: readonly ColumnOfValues[] = [
    columnOf(contactEdges.userNo, edges, ({ userId }) => users.place(userId), "person"),
    columnOf(contactEdges.peerNo, edges, ({ peerId }) => users.place(peerId), "peer"),
    ...PLAIN.map(timesOf),
    ...VALUED.flatMap(([time, value]) => [
      timesOf(time),
      columnOf(contactEdges[value], edges, (edge) => (edge[time] === 0n ? null : edge[value])),
    ]),
  ];
  return [sql`edges AS (${INSERT} FROM gate, ${unnested("x", given)} ${MERGE})`];
}
