import "server-only";
/** `npm run pack`: packs the older messages of the configured database, drops the old ones, and says how far it is. */
import { systemClock } from "../../adapters/memory/system-clock";
import { dropOlder } from "../../engine/repair/drop-old";
import { packOlder } from "../../engine/repair/pack";
import type { Waiting } from "../../engine/repair/waiting";
import { recordCommand } from "../admin/record-command";
import { openStoresOfCommand } from "../boot/open";
import type { Env } from "../config/env";

const SAY_EVERY_MS = 2_000;

type Left = Waiting | "changing";
const AGAIN = "Run this again when a running instance has done that.";
/** Why messages of a topic were left. */
const LEFT: Readonly<Record<Left, (topicId: string) => string>> = {
  paused: (topicId) => `Topic ${topicId} is paused and was left out: resume it and run this again.`,
  "starting-over": (topicId) => `Topic ${topicId} starts over and was left out. ${AGAIN}`,
  "folded-again": (topicId) =>
    `Topic ${topicId} was left out, because its messages are folded again after a start over. ${AGAIN}`,
  "read-again": (topicId) =>
    `Topic ${topicId} is read again by a new decoder, and what is not read yet was left out. ${AGAIN}`,
  changing: (topicId) => `The stored messages of topic ${topicId} are being changed, so it was left: run this again.`,
};
/** The same where that holds up the messages of all topics. */
const DROPS_NOTHING: Partial<typeof LEFT> = {
  "starting-over": (topicId) => `Nothing is dropped while topic ${topicId} starts over. ${AGAIN}`,
  "folded-again": (topicId) =>
    `Nothing is dropped while messages of topic ${topicId} are folded again after a start over. ${AGAIN}`,
};

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
  const left = (why: Left, topicId: string, sentences: Partial<typeof LEFT> = LEFT) => {
    const sentence = (sentences[why] ?? LEFT[why])(topicId);
    if (!told.has(sentence)) say(sentence);
    told.add(sentence);
  };
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
          onLeft: (topicId, why) => left(why, topicId),
          onFault: (topicId, cause) =>
            say(
              `The messages of topic ${topicId} could not be packed, and stay as they are: ${cause instanceof Error ? cause.message : String(cause)}`,
            ),
          onPacked: packing.messages,
          onRowsPacked: packing.rows,
        },
      );
      const dropping = counting("dropped");
      await dropOlder(
        { ...deps, keepMonths: env.KEEP_MONTHS },
        {
          ...limits,
          onLeft: (topicId, why) => left(why, topicId, DROPS_NOTHING),
          onDropped: dropping.messages,
          onRowsDropped: dropping.rows,
        },
      );
      if (!isDone(done.packed) && !isDone(done.dropped)) return null;
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
