/** A few requests of one address at a time: each gets its turn, in its order, and nobody else waits. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConcurrencyLimit, PLACE_MS } from "@/lib/server/access/concurrency-limit";
import { DrivenClock } from "../../../support/control/driven-clock";

/** Requests that work until they are told to end. */
class Requests {
  readonly clock = new DrivenClock();
  readonly limit = new ConcurrencyLimit(this.clock);
  readonly begun: string[] = [];
  readonly refused: string[] = [];
  readonly ends = new Map<string, (cause?: Error) => void>();

  constructor(private readonly mostWaiting = 100) {}

  async ask(address: string, name: string, most = 2): Promise<void> {
    const work = () => {
      this.begun.push(name);
      return new Promise<void>((resolve, reject) =>
        this.ends.set(name, (cause) => (cause ? reject(cause) : resolve())),
      );
    };
    const refuse = () => void this.refused.push(name);
    await this.limit.run(address, { most, mostWaiting: this.mostWaiting, work, refuse });
  }

  async end(name: string, cause?: Error): Promise<void> {
    this.ends.get(name)?.(cause);
    this.ends.delete(name);
    await this.clock.advance(0);
  }
}

describe("requests of one address", () => {
  it("work two at a time, and the next one begins when one ends or fails", async () => {
    const requests = new Requests();
    const asked = ["a", "b", "c", "d"].map((name) => requests.ask("1.2.3.4", name));
    await requests.clock.advance(0);
    expect(requests.begun).toEqual(["a", "b"]);
    await requests.end("b");
    expect(requests.begun).toEqual(["a", "b", "c"]);
    const failed = expect(asked[0]).rejects.toThrow("it broke");
    await requests.end("a", new Error("it broke"));
    await failed;
    expect(requests.begun).toEqual(["a", "b", "c", "d"]);
    for (const name of ["c", "d"]) await requests.end(name);
    await Promise.all(asked.slice(1));
  });

  it("keep nobody else waiting", async () => {
    const requests = new Requests();
    for (const name of ["a", "b", "c"]) void requests.ask("1.2.3.4", name);
    void requests.ask("5.6.7.8", "other");
    await requests.clock.advance(0);
    expect(requests.begun).toEqual(["a", "b", "other"]);
  });

  it("are refused if too many of them wait already, until one begins", async () => {
    const requests = new Requests(2);
    for (const name of ["a", "b", "c", "d", "e"]) void requests.ask("1.2.3.4", name);
    void requests.ask("5.6.7.8", "other");
    await requests.clock.advance(0);
    expect(requests.refused).toEqual(["e"]);
    await requests.end("a");
    void requests.ask("1.2.3.4", "f");
    void requests.ask("1.2.3.4", "g");
    for (const name of ["b", "c", "d", "f"]) await requests.end(name);
    expect(requests.begun).toEqual(["a", "b", "other", "c", "d", "f"]);
    expect(requests.refused).toEqual(["e", "g"]);
  });

  it("lose their place to the next one if they do not end", async () => {
    const requests = new Requests();
    for (const name of ["a", "b", "c"]) void requests.ask("1.2.3.4", name);
    await requests.clock.advance(PLACE_MS - 1);
    expect(requests.begun).toEqual(["a", "b"]);
    await requests.clock.advance(1);
    expect(requests.begun).toEqual(["a", "b", "c"]);
  });

  it("that wait for nothing are answered at once, fail at once, and keep no place", () => {
    const { limit } = new Requests();
    const run = (work: () => unknown) =>
      limit.run<unknown>("1.2.3.4", { most: 1, mostWaiting: 0, work, refuse: () => "refused" });
    for (const answer of [1, 2, 3]) expect(run(() => answer)).toBe(answer);
    const fail = () => {
      throw new Error("it broke");
    };
    for (let i = 0; i < 2; i += 1) expect(() => run(fail)).toThrow("it broke");
    expect(run(() => "still at once")).toBe("still at once");
  });

  it("all begin, in their order, and never too many at a time, whichever ends first", async () => {
    const step = fc.oneof(fc.constant("ask" as const), fc.nat());
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), async (steps, most) => {
        const requests = new Requests();
        let asked = 0;
        for (const each of steps) {
          const working = [...requests.ends.keys()];
          if (each === "ask") {
            void requests.ask("1.2.3.4", String(asked), most);
            asked += 1;
            await requests.clock.advance(0);
          } else if (working.length > 0) await requests.end(working[each % working.length] as string);
          expect(requests.ends.size).toBeLessThanOrEqual(most);
        }
        while (requests.ends.size > 0) await requests.end([...requests.ends.keys()][0] as string);
        expect(requests.begun).toEqual(Array.from({ length: asked }, (_, i) => String(i)));
      }),
    );
  });
});
