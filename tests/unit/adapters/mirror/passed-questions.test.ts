/** Questions that readers choose: one that a mirror fails on leaves the others alone. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import { questionKind } from "@/lib/adapters/mirror/passed-questions";
import type { Send } from "@/lib/adapters/mirror/send";
import { DrivenClock } from "../../../support/control/driven-clock";

afterEach(() => void vi.restoreAllMocks());

const DEAR = "/transactions?account.id=0.0.5&timestamp=gt:1";
/** Failures in a row that open a breaker. */
const THRESHOLD = 4;

type Fate = "answers" | "is slow" | "answers 504" | "answers 503 with a time" | "answers 429" | "is away";

/** A mirror, and what befalls a question by its path. */
function mirrorThat(fateOf: (path: string) => Fate) {
  const clock = new DrivenClock();
  const asked: string[] = [];
  const send: Send = async (url) => {
    const path = url.slice("https://mirror.test/api/v1".length);
    asked.push(path);
    const fate = fateOf(path);
    if (fate === "is away" || fate === "is slow") throw new Error("no answer");
    const headers = { "content-type": "application/json", ...(fate.includes("time") ? { "retry-after": "7" } : {}) };
    return new Response("{}", { status: Number(/\d+/.exec(fate)?.[0] ?? 200), headers });
  };
  const ledger = new MirrorLedger({ urls: ["https://mirror.test"], clock, reserve: async () => 0, send });
  const limit = vi.spyOn(AbortSignal, "timeout");
  const ask = async (path: string) => {
    // Its limit of real seconds has passed.
    if (fateOf(path) === "is slow") limit.mockReturnValueOnce(AbortSignal.abort());
    const answer = await ledger.raw(path);
    return answer.ok ? "ok" : answer.error.code;
  };
  return { clock, asked, ask };
}

const isDear = (path: string) => path.startsWith("/transactions?account.id");

describe.each(["is slow", "answers 504"] as const)("a question that %s", (fate) => {
  it("is not asked again for a while, whatever its values, and takes no other kind of question away", async () => {
    const { ask, asked } = mirrorThat((path) => (isDear(path) ? fate : "answers"));
    for (let i = 0; i < THRESHOLD; i += 1) await ask(DEAR);
    expect(await ask(DEAR.replace("0.0.5", "0.0.6"))).toBe("circuit-open");
    expect(asked).toHaveLength(THRESHOLD);
    for (const path of ["/transactions?limit=1", "/transactions/0.0.5-1-2", "/accounts/0.0.5", "/blocks?limit=1"])
      expect(await ask(path)).toBe("ok");
  });

  it("is asked again after a while, once, and then by everybody if it is answered", async () => {
    let isOver = false;
    const { ask, clock } = mirrorThat((path) => (isDear(path) && !isOver ? fate : "answers"));
    for (let i = 0; i < THRESHOLD; i += 1) await ask(DEAR);
    await clock.advance(1_500);
    expect(await ask(DEAR)).not.toBe("circuit-open");
    expect(await ask(DEAR)).toBe("circuit-open");
    isOver = true;
    await clock.advance(3_000);
    expect([await ask(DEAR), await ask(DEAR)]).toEqual(["ok", "ok"]);
  });
});

describe.each([
  ["is away", THRESHOLD],
  ["answers 429", THRESHOLD],
  ["answers 503 with a time", 1],
] as const)("a mirror that %s", (fate, failures) => {
  it("is asked no question of any kind for a while", async () => {
    const { ask } = mirrorThat((path) => (isDear(path) ? fate : "answers"));
    for (let i = 0; i < failures; i += 1) await ask(DEAR);
    expect(await ask("/accounts/0.0.5")).toBe("circuit-open");
  });
});

it("a mirror that was away, and lets the question wait that finds out about it, is still away", async () => {
  let fate: Fate = "is away";
  const { ask, clock } = mirrorThat(() => fate);
  for (let i = 0; i < THRESHOLD; i += 1) await ask(DEAR);
  fate = "is slow";
  await clock.advance(1_500);
  expect(await ask("/accounts/0.0.5")).toBe("timeout");
  fate = "answers";
  expect(await ask("/blocks")).toBe("circuit-open");
  await clock.advance(3_000);
  expect(await ask("/blocks")).toBe("ok");
});

it.each([
  ["/transactions?account.id=0.0.5&timestamp=gt:7", "/transactions?account.id&timestamp"],
  ["/transactions?TIMESTAMP=lt:1&account.id=1&timestamp=gt:7", "/transactions?account.id&timestamp"],
  ["/accounts/0.0.5/nfts", "/accounts/*/nfts?"],
  ["/transactions/0.0.5-1-2?nonce=1", "/transactions/*?nonce"],
  ["/network/supply", "/network/supply?"],
])("the kind of %s is %s", (path, kind) => {
  expect(questionKind(path)).toBe(kind);
});
