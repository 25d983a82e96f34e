/** Edges merged in SQL as core/projection.mergeEdge merges them; the contract suite compares the two. */
import type { Edge } from "../../../core/signals/projection";
import type { People } from "../read/people";
import { numbers, type Params, texts } from "./params";

type Register = {
  [K in keyof Edge]: Edge[K] extends bigint ? K : never;
}[keyof Edge];

/** Registers that stand alone: the later time wins. `greatest` passes over null, which is "never". */
const PLAIN = [
  ["acceptNs", "accept_ns"],
  ["acceptOutNs", "accept_out_ns"],
  ["acceptInNs", "accept_in_ns"],
  ["revokeNs", "revoke_ns"],
  ["requestOutNs", "request_out_ns"],
  ["requestInNs", "request_in_ns"],
  ["trustOutEndNs", "trust_out_end_ns"],
  ["trustInEndNs", "trust_in_end_ns"],
] as const satisfies readonly (readonly [Register, string])[];

/** Registers that carry a value: it comes from whichever side is later. */
const VALUED = [
  ["trustOutNs", "trust_out_ns", "trustOutWeight", "trust_out_weight"],
  ["trustInNs", "trust_in_ns", "trustInWeight", "trust_in_weight"],
  ["peerHandleNs", "peer_handle_ns", "peerHandle", "peer_handle"],
  ["peerHrlNs", "peer_hrl_ns", "peerHrl", "peer_hrl"],
] as const satisfies readonly (readonly [Register, string, keyof Edge, string])[];

const COLUMNS = [...PLAIN.map(([, column]) => column), ...VALUED.flatMap(([, ns, , value]) => [ns, value])];

const MERGES = [
  ...PLAIN.map(([, column]) => `${column} = greatest(e.${column}, excluded.${column})`),
  ...VALUED.flatMap(([, ns, , value]) => [
    `${ns} = greatest(e.${ns}, excluded.${ns})`,
    `${value} = CASE WHEN excluded.${ns} > coalesce(e.${ns}, 0) THEN excluded.${value} ELSE e.${value} END`,
  ]),
];

const never = (ns: bigint) => (ns === 0n ? null : ns);

/** The CTE that merges the edges in; none for no edges. */
export function edgesPart(edges: readonly Edge[], people: People, params: Params): string[] {
  if (edges.length === 0) return [];
  const time = (register: Register) => params.add(numbers(edges.map((edge) => never(edge[register]))), "bigint[]");
  const columns = [
    params.add(numbers(edges.map((edge) => people.place(edge.userId))), "integer[]"),
    params.add(numbers(edges.map((edge) => people.place(edge.peerId))), "integer[]"),
    ...PLAIN.map(([register]) => time(register)),
    ...VALUED.flatMap(([ns, , value]) => [
      time(ns),
      value === "peerHandle" || value === "peerHrl"
        ? params.add(texts(edges.map((edge) => edge[value])), "text[]")
        : params.add(numbers(edges.map((edge) => (edge[ns] === 0n ? null : edge[value]))), "double precision[]"),
    ]),
  ];
  return [
    `edges AS (
  INSERT INTO contact_edges AS e (user_no, peer_no, ${COLUMNS.join(", ")})
  SELECT (SELECT numbers FROM people)[x.person], (SELECT numbers FROM people)[x.peer], ${COLUMNS.map((column) => `x.${column}`).join(", ")}
  FROM gate, unnest(${columns.join(", ")}) AS x (person, peer, ${COLUMNS.join(", ")})
  ON CONFLICT (user_no, peer_no) DO UPDATE SET ${MERGES.join(",\n    ")})`,
  ];
}
