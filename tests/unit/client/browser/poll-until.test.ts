/** A page polls for a server that is out of reach. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pollUntil } from "@/lib/client/browser/poll-until";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A tab, and a server that answers from the poll with this number on; without a number it never does. */
function setUp({ random = 0.5, thereFrom = Number.POSITIVE_INFINITY } = {}) {
  const listeners = new Set<() => void>();
  const polls: number[] = [];
  const opened = vi.fn();
  const tab = { isHidden: false };
  const startMs = Date.now();
  const stop = pollUntil(
    async () => {
      polls.push(Date.now() - startMs);
      return polls.length >= thereFrom;
    },
    opened,
    {
      isHidden: () => tab.isHidden,
      onChange: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      random: () => random,
    },
  );
  const show = (isShown: boolean) => {
    tab.isHidden = !isShown;
    for (const listener of listeners) listener();
  };
  return { polls, opened, stop, show, listeners };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("a page that polls for the server", () => {
  it("waits longer each time, and half a minute at most", async () => {
    const { polls, opened } = setUp();
    await pass(125_000);
    expect(polls).toEqual([1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000, 121_000]);
    expect(opened).not.toHaveBeenCalled();
  });

  it("waits with a jitter of half a wait, so that pages do not come back together", async () => {
    const [early, late] = [setUp({ random: 0 }), setUp({ random: 0.999 })];
    await pass(100_000);
    expect(early.polls.slice(0, 3)).toEqual([500, 1_500, 3_500]);
    expect(late.polls.slice(0, 3)).toEqual([1_499, 4_497, 10_493]);
    const steps = late.polls.map((ms, i) => ms - (late.polls[i - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(45_000);
  });

  it("is notified once when the server is there, and then stops polling", async () => {
    const { polls, opened, listeners } = setUp({ thereFrom: 3 });
    await pass(6_999);
    expect(opened).not.toHaveBeenCalled();
    await pass(600_000);
    expect(opened).toHaveBeenCalledTimes(1);
    expect(polls).toHaveLength(3);
    expect(listeners.size).toBe(0);
  });

  it("does not poll while its tab is hidden, and polls soon after it is shown again", async () => {
    const { polls, show } = setUp();
    await pass(16_000);
    expect(polls).toHaveLength(4);
    show(false);
    await pass(600_000);
    expect(polls).toHaveLength(4);
    show(true);
    await pass(1_000);
    expect(polls).toHaveLength(5);
    // However often the tab is shown, only one wait is under way.
    for (let i = 0; i < 5; i += 1) show(true);
    await pass(1_000);
    expect(polls).toHaveLength(6);
  });

  it("does not poll a second time while a check is under way", async () => {
    const answers: ((isThere: boolean) => void)[] = [];
    let listener = () => {};
    const stop = pollUntil(() => new Promise((done) => void answers.push(done)), vi.fn(), {
      isHidden: () => false,
      onChange: (given) => {
        listener = given;
        return () => {};
      },
      random: () => 0.5,
    });
    await pass(1_000);
    listener();
    await pass(60_000);
    expect(answers).toHaveLength(1);
    answers[0]?.(false);
    await pass(1_000);
    expect(answers).toHaveLength(2);
    stop();
  });

  it("polls no more once it was stopped, not even if a check was under way", async () => {
    const { polls, opened, stop, listeners } = setUp({ thereFrom: 1 });
    stop();
    await pass(60_000);
    expect([polls, listeners.size]).toEqual([[], 0]);
    let answer: (isThere: boolean) => void = () => {};
    const slow = pollUntil(() => new Promise((done) => (answer = done)), opened, {
      isHidden: () => false,
      onChange: () => () => {},
      random: () => 0,
    });
    await pass(500);
    slow();
    answer(true);
    await pass(60_000);
    expect(opened).not.toHaveBeenCalled();
  });
});
