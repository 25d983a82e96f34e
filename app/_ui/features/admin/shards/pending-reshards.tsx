import { type Undertaking, undertakings } from "@/lib/client/admin/pending-reshards";
import { entryTitle, outcomeOf } from "@/lib/client/admin/sentences";
import { activeOf, groupKey } from "@/lib/client/admin/shard-groups";
import {
  drainWords,
  NO_KEY,
  splitWords,
  undertakingAdvice,
  undertakingShare,
  undertakingStanding,
  undertakingStep,
  undertakingTitle,
} from "@/lib/client/admin/shard-sentences";
import { drainRequest, splitRequest, useAuditLog } from "@/lib/client/admin/status";
import { timeAgo, useNow } from "@/lib/client/format/time";
import type { AuditEntry } from "@/lib/wire/admin";
import type { ShardsAnswer } from "@/lib/wire/shards";
import { Button } from "../../../primitives/button";
import type { Intent } from "../actions/action-dialog";
import { ShareBar } from "../charts/share-bar";
import { Panel } from "../frame/panel";
import { ToneBadge } from "../frame/tone-badge";

export interface UndertakingsProps {
  answer: ShardsAnswer;
  onAct(intent: Intent): void;
}

const NONE: readonly AuditEntry[] = [];

/** Splits and drains that are not finished: how far each is, and what it waits for. */
export function Undertakings({ answer, onAct }: UndertakingsProps) {
  const { entries = NONE } = useAuditLog();
  const now = useNow();
  const open = undertakings(answer, entries, now);
  const last = entries.find(({ action }) => action.startsWith("shards."));
  return (
    <Panel
      title="Under way"
      note="Each step is written down before the next: what was interrupted goes on where it was."
    >
      {open.length === 0 ? (
        <p className="text-ink-soft">No split and no drain is open.</p>
      ) : (
        <ul aria-label="Splits and drains" className="divide-y divide-line">
          {open.map((undertaking) => (
            <li key={undertaking.key} className="space-y-2 py-3 first:pt-0 last:pb-0">
              <Whole undertaking={undertaking} answer={answer} onAct={onAct} />
            </li>
          ))}
        </ul>
      )}
      {last && (
        <p data-testid="last-reshard" className="mt-3 border-line border-t pt-3 text-ink-soft text-sm">
          Last asked for: {entryTitle(last)}, {timeAgo(last.atMs, now)} by <bdi>{last.actor}</bdi>.{" "}
          {outcomeOf(last, now)}
        </p>
      )}
    </Panel>
  );
}

function Whole({ undertaking, answer, onAct }: UndertakingsProps & { undertaking: Undertaking }) {
  const { text, tone } = undertakingStanding(undertaking);
  const { standing, step } = undertaking;
  const lacksKey = standing === "interrupted" && step === "create" && !answer.canCreate;
  const canAct = (standing === "interrupted" || standing === "ready") && !lacksKey;
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="font-medium">{undertakingTitle(undertaking)}</h3>
        <ToneBadge tone={tone}>{text}</ToneBadge>
      </div>
      <ShareBar share={undertakingShare(undertaking)} tone={standing === "interrupted" ? "copper" : "accent"} />
      <p className="text-sm">
        {undertakingStep(undertaking)} {undertakingAdvice(undertaking)}
      </p>
      {lacksKey && <p className="text-copper text-sm">{NO_KEY}</p>}
      {canAct && (
        <Button size="sm" onClick={() => onAct(intentOf(undertaking, answer))}>
          {standing === "ready" ? "Let it go…" : "Go on with it…"}
        </Button>
      )}
    </>
  );
}

/** Going on is asking for the same again. */
function intentOf({ goal }: Undertaking, answer: ShardsAnswer): Intent {
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
