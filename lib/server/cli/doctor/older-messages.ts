import "server-only";
import { toMs } from "../../../core/ledger/consensus-time";
import { keptSince, ledgerMs } from "../../../core/signals/retention";
import { dropBlocker } from "../../../engine/repair/blockers";
import { GRACE_MS } from "../../../engine/repair/pack-scheduler";
import type { TopicState } from "../../../ports/store/sync/topic-store";
import type { Env } from "../../config/env";
import { type DoctorFinding, fine } from "./finding";

export interface OlderMessages {
  readonly topics: readonly Omit<TopicState, "kinds" | "headHash" | "counts" | "interpreted">[];
  /** How long ago a version that packs, and one that drops, first opened the database. In ms. */
  readonly packAgeMs: number;
  readonly dropAgeMs: number;
  readonly nowMs: number;
}

/** Topics that are named: as many as a set-up without shards has. */
const NAMED = 4;

/** Says how far packing is, and from which message on topics are kept. The app does both by itself, so neither is ever wrong. */
export const olderMessages = (
  env: Pick<Env, "HOT_HOURS" | "KEEP_MONTHS">,
  stored: OlderMessages,
): readonly DoctorFinding[] => [fine("packing", packing(env, stored)), fine("dropping", dropping(env, stored))];

const counted = (count: number) => count.toLocaleString("en");
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** "2026-11-30 10:20 UTC" */
const graceEnd = (nowMs: number, ageMs: number): string =>
  new Date(nowMs + GRACE_MS - ageMs).toISOString().replace(/T(\d\d:\d\d).*$/, " $1 UTC");

function packing({ HOT_HOURS: hours }: Pick<Env, "HOT_HOURS">, { topics, packAgeMs, nowMs }: OlderMessages): string {
  const [packed, all] = [
    sum(topics.map(({ packedThrough }) => packedThrough)),
    sum(topics.map(({ cursor }) => cursor)),
  ];
  const progress = `Packing has looked at ${counted(packed)} of ${counted(all)} messages`;
  if (all === 0) return "Nothing is stored yet, so there is nothing to pack.";
  if (hours === 0) return `HOT_HOURS is 0, so nothing more is packed. ${progress}.`;
  if (packed === 0 && packAgeMs < GRACE_MS)
    return `Packing begins at ${graceEnd(nowMs, packAgeMs)}, a day after the first start of a version that packs.`;
  const [most, next] = topics.filter((each) => leftOf(each) > 0).sort((a, b) => leftOf(b) - leftOf(a));
  if (most === undefined) return `${progress}.`;
  const left = `${progress}; the rest includes those younger than HOT_HOURS (${hours}).`;
  const where = next
    ? `Topic ${most.topicId} has the most left, ${counted(leftOf(most))}.`
    : `All of it is in topic ${most.topicId}.`;
  const paused = topics.filter((each) => each.paused && leftOf(each) > 0).slice(0, NAMED);
  return [left, where, ...paused.map(({ topicId }) => `Topic ${topicId} is paused, so nothing of it is packed.`)].join(
    " ",
  );
}

type Topic = OlderMessages["topics"][number];
const leftOf = ({ cursor, packedThrough }: Topic) => cursor - packedThrough;

function dropping({ KEEP_MONTHS: months }: Pick<Env, "KEEP_MONTHS">, stored: OlderMessages): string {
  const { topics, dropAgeMs, nowMs } = stored;
  const cut = topics.filter(({ dropped }) => dropped.through > 0);
  if (months === 0)
    return cut.length === 0
      ? "KEEP_MONTHS is 0, so everything is kept."
      : `KEEP_MONTHS is 0, so nothing more is dropped. ${keptFrom(cut, untilWhen)}`;
  if (cut.length === 0 && dropAgeMs < GRACE_MS)
    return `Dropping begins at ${graceEnd(nowMs, dropAgeMs)}, a day after the first start of a version that drops.`;
  const heads = topics.map(({ headNs }) => headNs);
  if (heads.every((ns) => ns === 0n)) return `KEEP_MONTHS is ${months}, and nothing is stored yet.`;
  const since = dayOf(toMs(keptSince(ledgerMs(nowMs, heads), months)));
  const rule = `Packed messages from before ${since} are dropped, because KEEP_MONTHS is ${months}.`;
  const now = topics.some((topic) => dropBlocker(topic) !== null)
    ? " Nothing is dropped now: npm run pack says why."
    : "";
  return `${rule} ${cut.length === 0 ? "None were so far." : keptFrom(cut)}${now}`;
}

/** A day for topics of which nothing more is dropped. Beside the day of the rule, it would be a second one that differs. */
const untilWhen = ({ dropped: { throughNs } }: Topic) =>
  `; messages until ${dayOf(Number(throughNs / 1_000_000n))} were dropped`;

function keptFrom(cut: readonly Topic[], beside: (topic: Topic) => string = () => ""): string {
  const named = cut
    .slice(0, NAMED)
    .map(
      (topic) =>
        `Topic ${topic.topicId} is kept from message ${counted(topic.dropped.through + 1)} on${beside(topic)}.`,
    );
  const rest = cut.length - NAMED;
  const more =
    rest > 0 ? [`Messages of ${rest === 1 ? "one more topic" : `${counted(rest)} more topics`} were dropped too.`] : [];
  return [...named, ...more].join(" ");
}
