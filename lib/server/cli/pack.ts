import "server-only";
/** `npm run pack`: packs the older messages of the configured database, and says how far it is. */
import { systemClock } from "../../adapters/memory/system-clock";
import { packOlder } from "../../engine/repair/pack";
import { recordCommand } from "../admin/record-command";
import { openStoresOfCommand } from "../boot/open";
import type { Env } from "../config/env";

const SAY_EVERY_MS = 2_000;

/** Packs until nothing is left, or the signal ends it. May run beside instances, and beside itself. */
export async function runPacking(env: Env, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  if (env.HOT_HOURS === 0) return say("HOT_HOURS is 0: nothing is packed on this deployment.");
  const stores = await openStoresOfCommand(env);
  try {
    let [messages, rows, saidMs] = [0, 0, Number.NEGATIVE_INFINITY];
    const packed = () =>
      `${messages.toLocaleString("en")} messages and ${rows.toLocaleString("en")} rows of people packed`;
    const sayNow = (line: () => string) => {
      if (systemClock.monotonicMs() - saidMs < SAY_EVERY_MS) return;
      saidMs = systemClock.monotonicMs();
      say(line());
    };
    const act = { action: "database.pack", target: null };
    await recordCommand(stores.admin, act, async () => {
      await packOlder(
        { store: stores.sync, clock: systemClock, hotMs: env.HOT_HOURS * 3_600_000 },
        {
          ...{ pauseMs: 0, mostMs: Number.POSITIVE_INFINITY, signal },
          onLeft: (topicId, why) =>
            say(
              why === "paused"
                ? `Topic ${topicId} is paused and was left out: resume it and run this again.`
                : `The stored messages of topic ${topicId} are being changed, so it was left: run this again.`,
            ),
          onPacked: (topicId, through, count) => {
            messages += count;
            sayNow(() => `${packed()}; topic ${topicId} through ${through.toLocaleString("en")}`);
          },
          onRowsPacked: (count) => {
            rows += count;
            sayNow(packed);
          },
        },
      );
      return messages + rows === 0 ? null : { messages, rows };
    });
    if (signal.aborted) say(`${packed()}. Stopped; the next run goes on from here.`);
    else if (messages + rows === 0)
      say(`Nothing was found to pack that is older than HOT_HOURS (${env.HOT_HOURS}) and is not being changed.`);
    else say(`${packed()}.`);
  } finally {
    await stores.close();
  }
}
