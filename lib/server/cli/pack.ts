import "server-only";
/** `npm run pack`: packs the older messages of the configured database, drops the old ones, and says how far it is. */
import { systemClock } from "../../adapters/memory/system-clock";
import type { SkipReason, TopicWork } from "../../engine/repair/blockers";
import { dropOlder } from "../../engine/repair/drop-old";
import { packOlder } from "../../engine/repair/pack";
import { recordCommand } from "../admin/record-command";
import { openStoresOfCommand } from "../boot/open";
import type { Env } from "../config/env";

const SAY_EVERY_MS = 2_000;

const AGAIN = "Run this again when a running instance has done that.";
const DONE_FIRST: Readonly<Record<TopicWork, string>> = {
  dropping: "starts over",
  folding: "is folded again after a start over",
  rereading: "is read again by a new decoder",
};

function leftSentence(topicId: string, why: SkipReason): string {
  if (why === "paused") return `Topic ${topicId} is paused and was left out: resume it and run this again.`;
  if (why === "changing")
    return `The stored messages of topic ${topicId} are being changed, so it was left: run this again.`;
  return `Topic ${topicId} ${DONE_FIRST[why]}, so messages of it were left out. ${AGAIN}`;
}

const heldUpSentence = (topicId: string, by: TopicWork, isPaused: boolean) =>
  `Nothing is dropped of any topic while topic ${topicId} ${DONE_FIRST[by]}. ${isPaused ? "That waits because the topic is paused: resume it. " : ""}${AGAIN}`;

/** Packs and drops until nothing is left, or the signal ends it. May run beside instances, and beside itself. */
export async function runPacking(env: Env, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  if (env.HOT_HOURS === 0) return say("HOT_HOURS is 0: nothing is packed on this deployment.");
  const stores = await openStoresOfCommand(env);
  const limits = { pauseMs: 0, mostMs: Number.POSITIVE_INFINITY, signal };
  const deps = { store: stores.sync, clock: systemClock };
  const done = { packed: { messages: 0, rows: 0 }, dropped: { messages: 0, rows: 0 } };
  const counted = (how: keyof typeof done) =>
    `${done[how].messages.toLocaleString("en")} messages and ${done[how].rows.toLocaleString("en")} rows of people ${how}`;
  let saidMs = Number.NEGATIVE_INFINITY;
  const sayNow = (line: () => string) => {
    if (systemClock.monotonicMs() - saidMs < SAY_EVERY_MS) return;
    saidMs = systemClock.monotonicMs();
    say(line());
  };
  const told = new Set<string>();
  const tellOnce = (sentence: string) => {
    if (!told.has(sentence)) say(sentence);
    told.add(sentence);
  };
  const tellFault = (what: keyof typeof done) => (topicId: string, cause: unknown) =>
    say(
      `The messages of topic ${topicId} could not be ${what}, and stay as they are: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  const counting = (how: keyof typeof done) => ({
    messages: (topicId: string, through: number, count: number) => {
      done[how].messages += count;
      sayNow(() => `${counted(how)}; topic ${topicId} through ${through.toLocaleString("en")}`);
    },
    rows: (count: number) => {
      done[how].rows += count;
      sayNow(() => counted(how));
    },
  });
  const isDone = ({ messages, rows }: { readonly messages: number; readonly rows: number }) => messages + rows > 0;
  try {
    await recordCommand(stores.admin, { action: "database.pack", target: null }, async () => {
      const packing = counting("packed");
      await packOlder(
        { ...deps, hotMs: env.HOT_HOURS * 3_600_000 },
        {
          ...limits,
          onLeft: (...left) => tellOnce(leftSentence(...left)),
          onFault: tellFault("packed"),
          onPacked: packing.messages,
          onRowsPacked: packing.rows,
        },
      );
      const dropping = counting("dropped");
      await dropOlder(
        { ...deps, keepMonths: env.KEEP_MONTHS },
        {
          ...limits,
          onLeft: (...left) => tellOnce(leftSentence(...left)),
          onHeldUp: (...heldUp) => tellOnce(heldUpSentence(...heldUp)),
          onFault: tellFault("dropped"),
          onDropped: dropping.messages,
          onRowsDropped: dropping.rows,
        },
      );
      const { messages, rows } = done.packed;
      return { messages, rows, ...(isDone(done.dropped) ? { dropped: done.dropped } : {}) };
    });
    const result = isDone(done.dropped) ? `${counted("packed")}; ${counted("dropped")}` : counted("packed");
    if (signal.aborted) say(`${result}. Stopped; the next run goes on from here.`);
    else if (isDone(done.packed) || isDone(done.dropped)) say(`${result}.`);
    else say(nothingFound(env, told.size > 0));
  } finally {
    await stores.close();
  }
}

function nothingFound({ HOT_HOURS, KEEP_MONTHS }: Env, isLeft: boolean): string {
  const besides = isLeft ? " besides what was left" : "";
  const dropping = KEEP_MONTHS === 0 ? "" : `, and nothing to drop that is older than KEEP_MONTHS (${KEEP_MONTHS})`;
  return `Nothing was found to pack that is older than HOT_HOURS (${HOT_HOURS})${dropping}${besides}.`;
}
