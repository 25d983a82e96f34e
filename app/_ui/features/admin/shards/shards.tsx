"use client";
import { Waypoints } from "lucide-react";
import { useState } from "react";
import { shardKey } from "@/lib/client/admin/shard-groups";
import { useShards } from "@/lib/client/admin/status";
import { reasonOf } from "@/lib/client/api/http";
import { SkeletonRows } from "../../../primitives/skeleton";
import { EmptyState } from "../../../primitives/states";
import { ReadError } from "../../read-error";
import { useUrlState } from "../../url-state";
import { ActionDialog, type Intent } from "../actions/action-dialog";
import { Panel } from "../frame/panel";
import { PendingReshards } from "./pending-reshards";
import { ShardDetails } from "./shard-details";
import { ShardMatrix } from "./shard-matrix";
import { ShardTable } from "./shard-table";
import { SplitForm } from "./split-form";

/** The shard registry, pending reshards, and the two actions on it. */
export function Shards() {
  const { data: answer, error, mutate } = useShards();
  const { get, set } = useUrlState();
  const [intent, setIntent] = useState<Intent | null>(null);
  if (!answer) {
    if (error) return <ReadError title="The shards could not be loaded" error={error} onRetry={() => void mutate()} />;
    return <SkeletonRows rows={6} label="Loading the shards" />;
  }
  if (answer.shards.length === 0) {
    return (
      <Panel title="Shards">
        <EmptyState title="No shards yet" icon={<Waypoints aria-hidden="true" />}>
          The registry gets the configured topics when the first instance starts.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <>
      {error && (
        <p role="alert" className="mb-5 rounded-card bg-danger-soft px-4 py-3 text-danger text-sm">
          These shards are the last known ones. {reasonOf(error)}
        </p>
      )}
      <PendingReshards answer={answer} onAct={setIntent} />
      <ShardMatrix answer={answer} />
      <SplitForm answer={answer} onAct={setIntent} />
      <ShardTable answer={answer} />
      <ShardDetails
        shard={answer.shards.find((shard) => shardKey(shard) === get("shard"))}
        answer={answer}
        onClose={() => set({ shard: null })}
        onAct={setIntent}
      />
      <ActionDialog intent={intent} onClose={() => setIntent(null)} />
    </>
  );
}
