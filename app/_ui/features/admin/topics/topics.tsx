"use client";
import { useMemo, useState } from "react";
import { counted } from "@/lib/client/format/numbers";
import type { TopicStatus } from "@/lib/wire/operators/admin";
import { DataTable } from "../../../primitives/data-table";
import { EmptyState } from "../../../primitives/states";
import { SearchField } from "../../people/person-picker";
import { useUrlState } from "../../url-state";
import { ActionDialog, type Intent } from "../actions/action-dialog";
import { DownloadRows } from "../frame/download-csv";
import { Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { useTable } from "../frame/use-table";
import { CoverageKey } from "./coverage-bar";
import { topicColumns } from "./topic-columns";
import { TopicDetails } from "./topic-details";

const textOf = ({ topicId, kinds, state, paused, lastError }: TopicStatus) =>
  `${topicId} ${kinds.join(" ")} ${state} ${paused ? "paused" : ""} ${lastError ?? ""}`;

/** The table of topics. The address names the topic whose details are open. */
export function Topics() {
  const { topics, database } = useStatus();
  const { get, set } = useUrlState();
  const [intent, setIntent] = useState<Intent | null>(null);
  const hasDropped = topics.some(({ dropped }) => dropped !== undefined);
  const isCounted = database.topicsReadMs !== null;
  const options = useMemo(() => {
    const open = (topicId: string) => set({ topic: topicId }, "push");
    return { columns: topicColumns({ open, hasDropped, isCounted }), start: null, textOf };
  }, [set, hasDropped, isCounted]);
  const { shown, sort, query, onSort, onQuery } = useTable(topics, options);
  const open = topics.find(({ topicId }) => topicId === get("topic"));
  return (
    <>
      <Panel
        title="Topics"
        note="Press a topic for details and actions."
        action={<DownloadRows name="Topics" columns={options.columns} rows={shown} />}
      >
        {topics.length === 0 ? (
          <EmptyState title="No topics yet">They appear when the database answers.</EmptyState>
        ) : (
          <>
            <div className="mb-3 max-w-sm">
              <SearchField label="Filter topics" value={query} onChange={onQuery} />
            </div>
            <p role="status" className="sr-only">
              {shown.length} of {counted(topics.length, "topic")}
            </p>
            <DataTable
              caption="Topics"
              columns={options.columns}
              rows={shown}
              keyOf={({ topicId }) => topicId}
              sort={sort}
              onSort={onSort}
            />
            {shown.length === 0 && <p className="py-8 text-center text-ink-soft">No topic matches.</p>}
            <div className="mt-4 hidden sm:block">
              <CoverageKey hasDropped={hasDropped} />
            </div>
          </>
        )}
      </Panel>
      <TopicDetails topic={open} onClose={() => set({ topic: null })} onAct={setIntent} />
      <ActionDialog intent={intent} onClose={() => setIntent(null)} />
    </>
  );
}
