"use client";
import { Inbox } from "lucide-react";
import { harmlessText } from "@/lib/client/format/harmless";
import { bytes, counted, whole } from "@/lib/client/format/numbers";
import { exactConsensusTime } from "@/lib/client/format/time";
import type { OddMessage } from "@/lib/wire/admin";
import { Badge } from "../../../primitives/badge";
import { DataTable } from "../../../primitives/data-table";
import { EmptyState } from "../../../primitives/states";
import { SearchField } from "../../people/person-picker";
import { Figure, Figures, Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { type SortedColumn, useTable } from "../frame/use-table";

const COLUMNS: readonly SortedColumn<OddMessage>[] = [
  {
    id: "message",
    head: "Message",
    isHeader: true,
    first: "desc",
    key: ({ consensusTimestamp }) => consensusTimestamp,
    cell: ({ topicId, sequence, consensusTimestamp, disposition, reason }) => (
      <>
        <span className="ledger text-xs">
          {topicId}/{sequence}
        </span>
        <span className="block text-ink-soft text-xs">{exactConsensusTime(consensusTimestamp)}</span>
        <span className="mt-1 block sm:hidden">
          <Why disposition={disposition} reason={reason} />
        </span>
      </>
    ),
  },
  {
    id: "why",
    head: "Why",
    first: "asc",
    from: "sm",
    key: ({ disposition, reason }) => `${disposition} ${reason ?? ""}`,
    cell: ({ disposition, reason }) => <Why disposition={disposition} reason={reason} />,
  },
  {
    id: "payer",
    head: "Payer",
    first: "asc",
    from: "md",
    key: ({ payer }) => payer ?? "",
    cell: ({ payer }) => <span className="ledger text-xs">{payer ?? "not told"}</span>,
  },
  {
    id: "size",
    head: "Size",
    numeric: true,
    first: "desc",
    from: "sm",
    className: "whitespace-nowrap",
    key: (message) => message.bytes,
    cell: (message) => bytes(message.bytes),
  },
];

const textOf = ({ topicId, sequence, disposition, reason, payer, text }: OddMessage) =>
  `${topicId}/${sequence} ${disposition} ${reason ?? ""} ${payer ?? ""} ${text}`;
const OPTIONS = { columns: COLUMNS, start: null, textOf } as const;

/** Messages that are in no view: how many, and what the newest of them say. Their text is a stranger's. */
export function Messages() {
  const { topics, odd } = useStatus();
  const { shown, sort, query, onSort, onQuery } = useTable(odd, OPTIONS);
  const sum = (name: "undecodable" | "untrusted" | "failed" | "unverifiable") =>
    topics.reduce((total, { counts }) => total + counts[name], 0);
  return (
    <>
      <Panel title="Kept out of every view" note="They are kept and counted, and stop nothing.">
        <Figures>
          <Figure name="Undecodable" value={whole(sum("undecodable"))} note="not in any known form" />
          <Figure name="Untrusted" value={whole(sum("untrusted"))} note="payer may not write for the actor" />
          <Figure
            name="Failed"
            value={whole(sum("failed"))}
            note="do not match the hash chain"
            tone={sum("failed") > 0 ? "bad" : "plain"}
          />
          <Figure name="Unverifiable" value={whole(sum("unverifiable"))} note="shown, without a seal" />
        </Figures>
      </Panel>
      <Panel title="The newest of them" note="Undecodable, untrusted and failed, with the first bytes of each as text.">
        {odd.length === 0 ? (
          <EmptyState title="None so far" icon={<Inbox aria-hidden="true" />}>
            Every message on the topics could be read, and was written by somebody who may.
          </EmptyState>
        ) : (
          <>
            <div className="mb-3 max-w-sm">
              <SearchField label="Filter messages" value={query} onChange={onQuery} />
            </div>
            <p role="status" className="sr-only">
              {shown.length} of {counted(odd.length, "message")}
            </p>
            <DataTable
              caption="Odd messages"
              columns={COLUMNS}
              rows={shown}
              keyOf={({ topicId, sequence }) => `${topicId}/${sequence}`}
              sort={sort}
              onSort={onSort}
              below={({ text }) => (
                <tr>
                  <td colSpan={COLUMNS.length} className="pb-3">
                    <bdi className="ledger block rounded-lg bg-paper px-2.5 py-1.5 text-xs">
                      {text === "" ? "nothing that can be shown as text" : harmlessText(text)}
                    </bdi>
                  </td>
                </tr>
              )}
            />
            {shown.length === 0 && <p className="py-8 text-center text-ink-soft">None of them goes by that.</p>}
          </>
        )}
      </Panel>
    </>
  );
}

function Why({ disposition, reason }: Pick<OddMessage, "disposition" | "reason">) {
  return (
    <>
      <Badge tone={disposition === "untrusted" ? "copper" : "gold"}>{disposition}</Badge>
      {reason && <bdi className="mt-0.5 block text-xs">{harmlessText(reason)}</bdi>}
    </>
  );
}
