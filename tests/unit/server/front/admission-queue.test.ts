import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { QUEUE } from "@/lib/server/access/limits";
import { AdmissionQueue } from "@/lib/server/front/admission/admission-queue";
import { DrivenClock } from "../../../support/control/driven-clock";

const GAP_MS = 50;
const HERE = "203.0.113.9";
const ELSEWHERE = "203.0.113.10";

let clock: DrivenClock;
let queue: AdmissionQueue;
let entered: string[];
const add = (request: string, address = HERE, takesTurn = true) =>
  queue.add(address, GAP_MS, () => {
    if (takesTurn) entered.push(request);
    return takesTurn;
  });

beforeEach(() => {
  clock = new DrivenClock();
  queue = new AdmissionQueue(clock);
  entered = [];
});

describe("the admission queue", () => {
  it("admits an address's first request at once and each further one a gap later, in order", async () => {
    for (const request of ["a", "b", "c"]) add(request);
    expect(entered).toEqual(["a"]);
    await clock.advance(GAP_MS - 1);
    expect(entered).toEqual(["a"]);
    await clock.advance(1);
    expect(entered).toEqual(["a", "b"]);
    await clock.advance(GAP_MS);
    expect(entered).toEqual(["a", "b", "c"]);
  });

  it("lets no other address wait", () => {
    for (const request of ["a", "b"]) add(request);
    add("other", ELSEWHERE);
    expect(entered).toEqual(["a", "other"]);
  });

  it("gives the turn of a request whose client left to the next one", async () => {
    add("a");
    add("left", HERE, false);
    add("b");
    await clock.advance(GAP_MS);
    expect(entered).toEqual(["a", "b"]);
  });

  it("passes over a few requests at a time, so that others are served between them", async () => {
    const atOnce = new AdmissionQueue({ sleep: async () => {} });
    let passedOver = 0;
    let isIn = false;
    atOnce.add(HERE, GAP_MS, () => true);
    for (let i = 0; i < 12; i += 1)
      atOnce.add(HERE, GAP_MS, () => {
        passedOver += 1;
        return false;
      });
    atOnce.add(HERE, GAP_MS, () => (isIn = true));
    const steps: number[] = [];
    while (!isIn) {
      const before = passedOver;
      await nextTurn();
      steps.push(passedOver - before);
    }
    expect(steps).toEqual([5, 5, 2]);
  });

  it("keeps a request that comes in the moment in which the queue has emptied", async () => {
    const atOnce = new AdmissionQueue({ sleep: async () => {} });
    atOnce.add(HERE, GAP_MS, () => true);
    const late = new Promise<void>((resolve) => {
      const comeLate = () => {
        const enter = () => {
          resolve();
          return true;
        };
        queueMicrotask(() => atOnce.add(HERE, GAP_MS, enter));
        return false;
      };
      atOnce.add(HERE, GAP_MS, comeLate);
    });
    await expect(Promise.race([late.then(() => "in"), nextTurn("lost")])).resolves.toBe("in");
  });

  it("queues at most its length for one address, and forgets an address without requests", async () => {
    for (let i = 0; i <= QUEUE.maxWaiting; i += 1) expect(add(`${i}`)).toBe(true);
    expect(add("too many")).toBe(false);
    expect(add("other", ELSEWHERE)).toBe(true);
    await clock.advance((QUEUE.maxWaiting + 1) * GAP_MS);
    expect(entered).toHaveLength(QUEUE.maxWaiting + 2);
    expect(clock.waiting).toBe(0);
    add("again");
    expect(entered.at(-1)).toBe("again");
  });
});
