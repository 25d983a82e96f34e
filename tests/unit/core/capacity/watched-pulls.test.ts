/** How often a topic is pulled whose doorbell is live. */
import { expect, it } from "vitest";
import { capacity } from "@/lib/core/capacity/capacity";
import { DEFAULT_INPUTS, DEFAULT_SETTINGS } from "@/lib/core/capacity/inputs";

/** The same numbers from 0 to 1 in every run (a linear congruential generator). */
const pseudoRandom = (seed: number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** Pulls in a second at a gate of one second that saves nine tenths of one, message by message. */
function simulated(messagesPerS: number): number {
  const [seconds, random] = [50_000, pseudoRandom(1)];
  let [atS, pulledS, paidS, pulls] = [0, 0, 0, 0];
  while (atS < seconds) {
    atS -= Math.log(1 - random()) / messagesPerS;
    // The last pull had not begun when this message came, so it brings it too.
    if (atS <= pulledS) continue;
    pulledS = Math.max(atS, paidS - 0.9);
    paidS = Math.max(paidS, pulledS) + 1;
    pulls += 1;
  }
  return pulls / seconds;
}

it.each([0.1, 0.3, 0.7])("are as many as the gate lets through: %d messages a second", (messagesPerS) => {
  const { redis } = capacity({
    ...{ ...DEFAULT_INPUTS, users: 100, instances: 1, openPageShare: 1, contactsPerUser: 0 },
    ...{ readsPerUserDay: 0, ownWriteShare: 0, signalsPerUserDay: (messagesPerS * 86_400) / 100 },
    kindShares: { contact: 1, trust: 0, recognition: 0, profile: 0 },
    settings: { ...DEFAULT_SETTINGS, hasDoorbell: true },
  }).mean;
  // An empty round in five seconds, and a look at each of the three quiet topics in ten minutes.
  const pulls = redis.round - 1 / 5 - 3 / 600;
  expect(Math.abs(pulls / simulated(messagesPerS) - 1)).toBeLessThan(0.02);
});
