"use client";
import Link from "next/link";
import { activeOf, groupName, shardKey } from "@/lib/client/admin/shard-groups";
import { drainFault, drainWords, perMinuteOf, routingWords } from "@/lib/client/admin/shard-sentences";
import { drainRequest } from "@/lib/client/admin/status";
import { percent, rate, whole } from "@/lib/client/format/numbers";
import { exactConsensusTime } from "@/lib/client/format/time";
import type { ShardStatus, ShardsAnswer } from "@/lib/wire/operators/shards";
import { Button } from "../../../primitives/button";
import { Dialog } from "../../../primitives/overlays/dialog";
import type { Intent } from "../actions/action-dialog";
import { MessagesAMinute } from "../charts/sparkline";
import { Facts } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { ShardStanding } from "./shard-table";

export interface ShardDetailsProps {
  shard: ShardStatus | undefined;
  answer: ShardsAnswer;
  onClose(): void;
  onAct(intent: Intent): void;
}

/** One shard in full, and the drain of its topic. */
export function ShardDetails({ shard, answer, onClose, onAct }: ShardDetailsProps) {
  return (
    <Dialog
      open={shard !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={shard ? shardKey(shard) : "Shard"}
      description={shard?.name ?? ""}
    >
      {shard && <Whole shard={shard} answer={answer} onAct={onAct} />}
    </Dialog>
  );
}

function Whole({ shard, answer, onAct }: Omit<ShardDetailsProps, "onClose"> & { shard: ShardStatus }) {
  const { topicId, state } = shard;
  const topic = useStatus().topics.find((each) => each.topicId === topicId);
  const ofTopic = answer.shards.filter((each) => topicId !== null && each.topicId === topicId);
  const others = ofTopic.filter((each) => each !== shard);
  return (
    <div className="space-y-4">
      <ShardStanding shard={shard} />
      {topic && <MessagesAMinute perMinute={topic.perMinute} />}
      <Facts
        facts={[
          [
            "Topic",
            topicId === null ? "none yet" : <TopicLink key="topic" topicId={topicId} isKept={topic !== undefined} />,
          ],
          ["Group", groupName(shard)],
          ["Share of its users", state === "active" ? percent(1 / activeOf(answer.shards, shard).length) : "none"],
          ["Users with messages", whole(topic?.users ?? null)],
          ["Messages a minute", rate(perMinuteOf(topic))],
          ["New messages", routingWords(shard)],
          ...(shard.routesFrom ? [["Routed since", exactConsensusTime(shard.routesFrom)] as const] : []),
          ...(shard.drainsFrom ? [["Not routed since", exactConsensusTime(shard.drainsFrom)] as const] : []),
          ...(shard.drainedAt ? [["Drained at", exactConsensusTime(shard.drainedAt)] as const] : []),
          ...(others.length > 0 ? [["Topic shared with", others.map(shardKey).join(", ")] as const] : []),
        ]}
      />
      {topicId !== null && <Drain topicId={topicId} shards={ofTopic} answer={answer} onAct={onAct} />}
    </div>
  );
}

function TopicLink({ topicId, isKept }: { topicId: string; isKept: boolean }) {
  if (!isKept) return topicId;
  return (
    <Link className="ledger underline underline-offset-4" href={`/admin/topics?topic=${topicId}`}>
      {topicId}
    </Link>
  );
}

interface DrainProps {
  topicId: string;
  shards: readonly ShardStatus[];
  answer: ShardsAnswer;
  onAct(intent: Intent): void;
}

function Drain({ topicId, shards, answer, onAct }: DrainProps) {
  const fault = drainFault(shards, answer);
  const words = drainWords(topicId, shards, answer);
  return (
    <div className="border-line border-t pt-4">
      {fault === null ? (
        <Button size="sm" onClick={() => onAct({ request: drainRequest(topicId), words, phrase: topicId })}>
          {shards.some(({ state }) => state === "active") ? "Drain…" : "Finish the drain…"}
        </Button>
      ) : (
        <p className="text-ink-soft text-sm">{fault}</p>
      )}
    </div>
  );
}
