import { type PendingReshard, pendingReshards } from "@/lib/client/admin/pending-reshards";
import { entryTitle, outcomeOf } from "@/lib/client/admin/sentences";
import { activeOf, groupKey } from "@/lib/client/admin/shard-groups";
import {
  drainWords,
  NO_KEY,
  reshardAdvice,
  reshardProgress,
  reshardStanding,
  reshardStep,
  reshardTitle,
  splitWords,
} from "@/lib/client/admin/shard-sentences";
import { drainRequest, splitRequest, useOperatorLog } from "@/lib/client/admin/status";
import { timeAgo, useNow } from "@/lib/client/format/time";
import type { OperatorLogEntry } from "@/lib/wire/operators/admin";
import type { ShardsAnswer } from "@/lib/wire/operators/shards";
import { Button } from "../../../primitives/button";
import type { Intent } from "../actions/action-dialog";
import { ShareBar } from "../charts/share-bar";
import { Panel } from "../frame/panel";
import { ToneBadge } from "../frame/tone-badge";

export interface PendingReshardsProps {
  answer: ShardsAnswer;
  onAct(intent: Intent): void;
}

const NONE: readonly OperatorLogEntry[] = [];

/** Pending splits and drains, with their progress. */
export function PendingReshards({ answer, onAct }: PendingReshardsProps) {
  const { entries = NONE } = useOperatorLog();
  const now = useNow();
  const open = pendingReshards(answer, entries, now);
  const last = entries.find(({ action }) => action.startsWith("shards."));
  return (
    <Panel title="Pending" note="Each step is recorded, so an interrupted one continues where it stopped.">
      {open.length === 0 ? (
        <p className="text-ink-soft">No split or drain is pending.</p>
      ) : (
        <ul aria-label="Splits and drains" className="divide-y divide-line">
          {open.map((reshard) => (
            <li key={reshard.key} className="space-y-2 py-3 first:pt-0 last:pb-0">
              <Whole reshard={reshard} answer={answer} onAct={onAct} />
            </li>
          ))}
        </ul>
      )}
      {last && (
        <p data-testid="last-reshard" className="mt-3 border-line border-t pt-3 text-ink-soft text-sm">
          Latest: {entryTitle(last)}, {timeAgo(last.atMs, now)} by <bdi>{last.actor}</bdi>. {outcomeOf(last, now)}
        </p>
      )}
    </Panel>
  );
}

function Whole({ reshard, answer, onAct }: PendingReshardsProps & { reshard: PendingReshard }) {
  const { text, tone } = reshardStanding(reshard);
  const { standing, step } = reshard;
  const lacksKey = standing === "interrupted" && step === "create" && !answer.canCreate;
  const canAct = (standing === "interrupted" || standing === "ready") && !lacksKey;
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="font-medium">{reshardTitle(reshard)}</h3>
        <ToneBadge tone={tone}>{text}</ToneBadge>
      </div>
      <ShareBar share={reshardProgress(reshard)} tone={standing === "interrupted" ? "copper" : "accent"} />
      <p className="text-sm">
        {reshardStep(reshard)} {reshardAdvice(reshard)}
      </p>
      {lacksKey && <p className="text-copper text-sm">{NO_KEY}</p>}
      {canAct && (
        <Button size="sm" onClick={() => onAct(intentOf(reshard, answer))}>
          {standing === "ready" ? "Finish the drain…" : "Continue…"}
        </Button>
      )}
    </>
  );
}

/** Continuing sends the same request again. */
function intentOf({ goal }: PendingReshard, answer: ShardsAnswer): Intent {
  if (goal.name === "drain") {
    const ofTopic = answer.shards.filter(({ topicId }) => topicId === goal.topicId);
    return {
      request: drainRequest(goal.topicId),
      words: drainWords(goal.topicId, ofTopic, answer),
      phrase: goal.topicId,
    };
  }
  const { group, to } = goal;
  return {
    request: splitRequest({ ...group, to }),
    words: splitWords(group, activeOf(answer.shards, group).length, to),
    phrase: `${groupKey(group)} ${to}`,
  };
}
