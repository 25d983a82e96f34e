import "server-only";
/** What an operator should look at, as sentences. */
import type { TopicId } from "../core/ids";
import type { Gap, TopicCounts } from "../ports/sync-store";
import type { App } from "./container";

export interface AlarmingTopic {
  readonly topicId: TopicId;
  readonly counts: TopicCounts;
  readonly gaps: readonly Pick<Gap, "from" | "to" | "state">[];
  readonly paused: boolean;
}

export function alarmsOf({ trustedPayers }: Pick<App, "trustedPayers">, topics: readonly AlarmingTopic[]): string[] {
  const alarms = topics.flatMap(({ topicId, counts, gaps, paused }) => [
    ...(counts.failed > 0
      ? [
          `${counts.failed} message(s) of topic ${topicId} do not match the ledger's hash chain and are kept out of every view.`,
        ]
      : []),
    ...gaps
      .filter(({ state }) => state === "declared")
      .map(({ from, to }) => `Topic ${topicId} has a gap: the mirror does not have messages ${from} to ${to}.`),
    ...(paused ? [`Topic ${topicId} is paused: nothing new of it is shown until it is resumed.`] : []),
  ]);
  if (trustedPayers === "*") alarms.push("TRUSTED_PAYERS is *: anybody can write in anybody's name.");
  return alarms;
}
