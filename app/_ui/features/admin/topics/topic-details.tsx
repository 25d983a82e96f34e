"use client";
import Link from "next/link";
import { messageHref } from "@/lib/client/admin/lookup";
import {
  checkOf,
  coverageWords,
  entryTitle,
  outcomeOf,
  progressOf,
  startOverWords,
  storedOf,
  topicActionWords,
  troubleOf,
} from "@/lib/client/admin/sentences";
import { TOPIC_ACTIONS, type TopicAction, topicRequest } from "@/lib/client/admin/status";
import { counted, durationText, percent, whole } from "@/lib/client/format/numbers";
import { exactConsensusTime, timeAgo, useNow } from "@/lib/client/format/time";
import type { OperatorLogEntry, TopicStatus } from "@/lib/wire/operators/admin";
import { Button } from "../../../primitives/button";
import { Dialog } from "../../../primitives/overlays/dialog";
import type { Intent } from "../actions/action-dialog";
import { ShareBar } from "../charts/share-bar";
import { MessagesAMinute } from "../charts/sparkline";
import { Facts } from "../frame/panel";
import { CoverageBar, CoverageKey } from "./coverage-bar";
import { Standing } from "./topic-columns";

export interface TopicDetailsProps {
  topic: TopicStatus | undefined;
  onClose(): void;
  onAct(intent: Intent): void;
}

/** One topic in full, and the actions on it. */
export function TopicDetails({ topic, onClose, onAct }: TopicDetailsProps) {
  return (
    <Dialog
      open={topic !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={topic ? `Topic ${topic.topicId}` : "Topic"}
      description={topic?.kinds.join(", ") ?? ""}
    >
      {topic && <Whole topic={topic} onAct={onAct} />}
    </Dialog>
  );
}

const LABELS: Record<TopicAction, string> = {
  audit: "Audit…",
  resync: "Resync…",
  "start-over": "Start over…",
  pause: "Pause…",
  resume: "Resume…",
};

function Whole({ topic, onAct }: { topic: TopicStatus; onAct(intent: Intent): void }) {
  const { topicId, counts } = topic;
  const stored = storedOf(topic);
  const now = useNow();
  const trouble = troubleOf(topic, now);
  const isFitting = (action: TopicAction) =>
    topic.paused ? action !== "pause" && action !== "start-over" : action !== "resume";
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-center gap-2">
        <Standing topic={topic} />
        {trouble && <p className="text-copper text-sm">{trouble}</p>}
      </div>
      {topic.startOver && (
        <div data-testid="start-over" className="space-y-1.5 text-sm">
          {topic.startOver.work !== "dropping" && <ShareBar share={progressOf(topic.startOver)} tone="copper" />}
          <p>{startOverWords(topic.startOver)}</p>
        </div>
      )}
      <div>
        <CoverageBar topic={topic} />
        <p className="mt-1.5 mb-2 text-sm">{coverageWords(topic)}</p>
        <CoverageKey hasDropped={topic.dropped !== undefined} />
      </div>
      <Gaps topic={topic} />
      <MessagesAMinute perMinute={topic.perMinute} />
      <Facts
        facts={[
          ["Lag", durationText(topic.lagMs)],
          ["Synced through", topic.asOf ? exactConsensusTime(topic.asOf) : "nothing yet"],
          ["Last message", <LastMessage key="last" topic={topic} />],
          ["Messages stored", whole(stored.messages)],
          ...(topic.interpreted < topic.cursor
            ? [["Read again", `${whole(topic.interpreted)} of ${whole(topic.cursor)}`] as const]
            : []),
          ...droppedFacts(topic),
          ["Verified", whole(stored.verified)],
          ["Unverifiable", whole(counts.unverifiable)],
          ["Failed", whole(counts.failed)],
          ["Undecodable", <RejectedLink key="u" count={counts.undecodable} topicId={topicId} />],
          ["Untrusted", <RejectedLink key="t" count={counts.untrusted} topicId={topicId} />],
          ["Unproven", <RejectedLink key="p" count={counts.unproven} topicId={topicId} />],
          ["Users", whole(topic.users)],
          ["Top 10 users' share", percent(topic.hottestShare)],
        ]}
      />
      {topic.check && <Check entry={topic.check} nowMs={now} />}
      <div className="flex flex-wrap gap-2 border-line border-t pt-4">
        {TOPIC_ACTIONS.filter(isFitting).map((action) => (
          <Button
            key={action}
            size="sm"
            onClick={() =>
              onAct({
                request: topicRequest(action, topicId),
                words: topicActionWords(action, topicId),
                phrase: topicId,
              })
            }
          >
            {LABELS[action]}
          </Button>
        ))}
      </div>
    </div>
  );
}

/** Some messages before the first one that is kept are still there, because they are never packed. */
function droppedFacts({ dropped }: TopicStatus) {
  if (dropped === undefined) return [];
  const { through, throughTime, messages } = dropped;
  const some = messages === undefined ? "most" : counted(messages, "message");
  return [["No longer kept", `${some} through ${whole(through)}, until ${exactConsensusTime(throughTime)}`] as const];
}

function LastMessage({ topic: { topicId, cursor, lastMessageAt } }: { topic: TopicStatus }) {
  if (lastMessageAt === null || cursor === 0) return "none yet";
  return (
    <>
      {exactConsensusTime(lastMessageAt)},{" "}
      <Link className="underline underline-offset-4" href={messageHref(topicId, cursor)}>
        message {whole(cursor)}
      </Link>
    </>
  );
}

function RejectedLink({ count, topicId }: { count: number; topicId: string }) {
  if (count === 0) return "0";
  return (
    <Link className="underline underline-offset-4" href={`/admin/messages?q=${topicId}`}>
      {whole(count)}
    </Link>
  );
}

const GAPS_SHOWN = 8;

function Gaps({ topic: { gaps, gapCount } }: { topic: TopicStatus }) {
  const now = useNow(60_000);
  if (gapCount === 0) return null;
  const more = gapCount - Math.min(gaps.length, GAPS_SHOWN);
  return (
    <section aria-label="Gaps" className="rounded-control bg-danger-soft px-3 py-2 text-sm">
      <ul className="space-y-0.5">
        {gaps.slice(0, GAPS_SHOWN).map(({ from, to, state, firstSeenMs }) => (
          <li key={from}>
            {from === to ? `Message ${whole(from)}` : `Messages ${whole(from)} to ${whole(to)}`}: {state}, first seen{" "}
            {timeAgo(firstSeenMs, now)}
          </li>
        ))}
      </ul>
      {more > 0 && <p>and {counted(more, "more gap")}.</p>}
    </section>
  );
}

/** The latest topic audit or resync: its progress or its findings. */
function Check({ entry, nowMs }: { entry: OperatorLogEntry; nowMs: number }) {
  const check = checkOf(entry);
  return (
    <section aria-label={entryTitle(entry)} className="space-y-1.5 text-sm">
      <p className="font-medium">
        {entryTitle(entry)}, {timeAgo(entry.atMs, nowMs)} by <bdi>{entry.actor}</bdi>
      </p>
      {entry.state === "running" && check && <ShareBar share={progressOf(check)} />}
      <p data-testid="outcome">{outcomeOf(entry, nowMs)}</p>
    </section>
  );
}
