"use client";
import { Inbox } from "lucide-react";
import Link from "next/link";
import { messageHref, reasonWords } from "@/lib/client/admin/lookup";
import { harmlessText } from "@/lib/client/format/harmless";
import { bytes, counted, whole } from "@/lib/client/format/numbers";
import { exactConsensusTime } from "@/lib/client/format/time";
import type { RejectedMessage } from "@/lib/wire/operators/admin";
import { Badge } from "../../../primitives/badge";
import { DataTable, OF_TIMES } from "../../../primitives/data-table";
import { EmptyState } from "../../../primitives/states";
import { SearchField } from "../../people/person-picker";
import { DownloadRows } from "../frame/download-csv";
import { Figure, Figures, Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { type SortedColumn, useTable } from "../frame/use-table";

const COLUMNS: readonly SortedColumn<RejectedMessage>[] = [
  {
    id: "message",
    head: "Message",
    isHeader: true,
    first: "desc",
    ways: OF_TIMES,
    key: ({ consensusTimestamp }) => consensusTimestamp,
    csv: ({ topicId, sequence }) => `${topicId}/${sequence}`,
    cell: ({ topicId, sequence, consensusTimestamp, disposition, reason }) => (
      <>
        <Link className="ledger text-xs underline underline-offset-4" href={messageHref(topicId, sequence)}>
          {topicId}/{sequence}
        </Link>
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
    cell: ({ payer }) => <span className="ledger text-xs">{payer ?? "unknown"}</span>,
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

/** The file has two more columns than the table, which shows them within other cells. */
const CSV_COLUMNS: readonly SortedColumn<RejectedMessage>[] = [
  ...COLUMNS,
  { id: "time", head: "Consensus time", csv: ({ consensusTimestamp }) => consensusTimestamp, cell: () => null },
  { id: "text", head: "Text", csv: ({ text }) => text, cell: () => null },
];

const textOf = ({ topicId, sequence, disposition, reason, payer, text }: RejectedMessage) =>
  `${topicId}/${sequence} ${disposition} ${reason ?? ""} ${reasonWords(reason ?? "")} ${payer ?? ""} ${text}`;
const OPTIONS = { columns: COLUMNS, start: null, textOf } as const;

/** Counts of the rejected messages, and the latest of them. Anybody can have written their text. */
export function RejectedMessages() {
  const { topics, rejected } = useStatus();
  const { shown, sort, query, onSort, onQuery } = useTable(rejected, OPTIONS);
  const sum = (name: "undecodable" | "untrusted" | "failed" | "unverifiable" | "unproven") =>
    topics.reduce((total, { counts }) => total + counts[name], 0);
  return (
    <>
      <Panel title="Rejected messages" note="Stored and counted, but not shown to anyone. They block nothing.">
        <Figures>
          <Figure name="Undecodable" value={whole(sum("undecodable"))} note="unknown format" />
          <Figure name="Untrusted" value={whole(sum("untrusted"))} note="neither payer nor signature is the sender's" />
          <Figure name="Unproven" value={whole(sum("unproven"))} note="signature not checked yet" />
          <Figure
            name="Failed"
            value={whole(sum("failed"))}
            note="running hash mismatch"
            tone={sum("failed") > 0 ? "bad" : "plain"}
          />
          <Figure name="Unverifiable" value={whole(sum("unverifiable"))} note="shown without a seal" />
        </Figures>
      </Panel>
      <Panel
        title="Latest"
        note="The latest undecodable, untrusted, failed and unproven messages."
        action={<DownloadRows name="Rejected messages" columns={CSV_COLUMNS} rows={shown} />}
      >
        {rejected.length === 0 ? (
          <EmptyState title="None so far" icon={<Inbox aria-hidden="true" />}>
            Every message could be decoded. Its payer may write for the sender, or the sender signed it.
          </EmptyState>
        ) : (
          <>
            <div className="mb-3 max-w-sm">
              <SearchField label="Filter messages" value={query} onChange={onQuery} />
            </div>
            <p role="status" className="sr-only">
              {shown.length} of {counted(rejected.length, "message")}
            </p>
            <DataTable
              caption="Rejected messages"
              columns={COLUMNS}
              rows={shown}
              keyOf={({ topicId, sequence }) => `${topicId}/${sequence}`}
              sort={sort}
              onSort={onSort}
              below={({ text }) => (
                <tr>
                  <td colSpan={COLUMNS.length} className="pb-3">
                    <bdi className="ledger block rounded-lg bg-paper px-2.5 py-1.5 text-xs">
                      {text === "" ? "no text" : harmlessText(text)}
                    </bdi>
                  </td>
                </tr>
              )}
            />
            {shown.length === 0 && <p className="py-8 text-center text-ink-soft">No message matches.</p>}
          </>
        )}
      </Panel>
    </>
  );
}

function Why({ disposition, reason }: Pick<RejectedMessage, "disposition" | "reason">) {
  return (
    <>
      <Badge tone={disposition === "untrusted" ? "copper" : "gold"}>{disposition}</Badge>
      {reason && <bdi className="mt-0.5 block text-xs">{harmlessText(reasonWords(reason))}</bdi>}
    </>
  );
}
