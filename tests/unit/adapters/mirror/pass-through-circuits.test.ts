/** Requests that are passed through for readers: a kind that a mirror fails on leaves the others alone. */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import { requestKind } from "@/lib/adapters/mirror/pass-through-circuits";
import type { Send } from "@/lib/adapters/mirror/send";
import { DrivenClock } from "../../../support/control/driven-clock";

afterEach(() => void vi.restoreAllMocks());

const DEAR = "/transactions?account.id=0.0.5&timestamp=gt:1";
/** Failures in a row that open a breaker. */
const THRESHOLD = 4;

type Fate = "answers" | "is slow" | "answers 504" | "answers 503 with a time" | "answers 429" | "is away";

const MIRROR = "https://mirror.test";

/** Mirrors, and the fate of a request by its path and the mirror that gets it. One request is sent at a time. */
function mirrorThat(fateOf: (path: string, origin: string) => Fate, urls = [MIRROR]) {
  const clock = new DrivenClock();
  const asked: string[] = [];
  const origins: string[] = [];
  let limit = new AbortController();
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
    limit = new AbortController();
    return limit.signal;
  });
  const send: Send = async (url) => {
    const { origin } = new URL(url);
    const path = url.slice(`${origin}/api/v1`.length);
    asked.push(path);
    origins.push(origin);
    const fate = fateOf(path, origin);
    // Its limit of real seconds has passed.
    if (fate === "is slow") limit.abort();
    if (fate === "is away" || fate === "is slow") throw new Error("no answer");
    const headers = { "content-type": "application/json", ...(fate.includes("time") ? { "retry-after": "7" } : {}) };
    return new Response("{}", { status: Number(/\d+/.exec(fate)?.[0] ?? 200), headers });
  };
  const ledger = new MirrorLedger({ urls, clock, reserve: async () => 0, send });
  const ask = async (path: string) => {
    const answer = await ledger.raw(path);
    return answer.ok ? "ok" : answer.error.code;
  };
  return { clock, asked, origins, ask };
}

const isDear = (path: string) => path.startsWith("/transactions?account.id");

describe.each(["is slow", "answers 504"] as const)("a kind of request that %s", (fate) => {
  it("is not sent again for a while, whatever its values, and stops no other kind of request", async () => {
    const { ask, asked } = mirrorThat((path) => (isDear(path) ? fate : "answers"));
    for (let i = 0; i < THRESHOLD; i += 1) await ask(DEAR);
    expect(await ask(DEAR.replace("0.0.5", "0.0.6"))).toBe("circuit-open");
    expect(asked).toHaveLength(THRESHOLD);
    for (const path of ["/transactions?limit=1", "/transactions/0.0.5-1-2", "/accounts/0.0.5", "/blocks?limit=1"])
      expect(await ask(path)).toBe("ok");
  });

  it("is sent again after a while, once, and then for everybody if it is answered", async () => {
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
  it("is sent no request of any kind for a while", async () => {
    const { ask } = mirrorThat((path) => (isDear(path) ? fate : "answers"));
    for (let i = 0; i < failures; i += 1) await ask(DEAR);
    expect(await ask("/accounts/0.0.5")).toBe("circuit-open");
  });
});

it("a mirror that was away, and lets the probe time out, is still away", async () => {
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

describe("a mirror that accepts requests and never answers", () => {
  const KINDS = ["/accounts", "/accounts/0.0.5", "/balances", "/blocks", "/tokens", "/tokens/0.0.5", "/transactions"];

  it("keeps four readers waiting, whatever they ask, and is asked again after a while", async () => {
    let isOver = false;
    const { ask, asked, clock } = mirrorThat(() => (isOver ? "answers" : "is slow"));
    for (let i = 0; i < 5; i += 1) for (const path of KINDS) await ask(path);
    expect(asked).toHaveLength(THRESHOLD);
    isOver = true;
    await clock.advance(1_500);
    for (const path of KINDS) expect(await ask(path)).toBe("ok");
  });

  it("is left for the next mirror", async () => {
    const next = "https://next.test";
    const { ask, origins } = mirrorThat((_, origin) => (origin === next ? "answers" : "is slow"), [MIRROR, next]);
    for (let i = 0; i < 5; i += 1) for (const path of KINDS) await ask(path);
    expect(origins.filter((origin) => origin === MIRROR)).toHaveLength(THRESHOLD);
    expect(await ask("/network/supply")).toBe("ok");
  });
});

it("a mirror that is slow with one kind after another is asked the rest, if it answered something between", async () => {
  const { ask, clock } = mirrorThat((path) => (path === "/blocks" ? "answers" : "is slow"));
  for (const slow of ["/transactions", "/tokens", "/balances"]) {
    for (let i = 0; i < THRESHOLD; i += 1) await ask(slow);
    expect(await ask("/blocks")).toBe("ok");
    await clock.advance(1_500);
  }
});

it.each([
  ["/transactions?account.id=0.0.5&timestamp=gt:7", "transactions&account.id&timestamp"],
  ["/transactions?TIMESTAMP=lt:1&account.id=1&timestamp=gt:7", "transactions&account.id&timestamp"],
  ["/transactions?%74imestamp[]=lt:1&&limit=?&account.id=1&", "transactions&account.id&timestamp"],
  ["/tokens?name=a&x=1&y=2", "tokens&?&name"],
  ["/accounts/0.0.5/nfts", "accounts/*/nfts"],
  ["/accounts/abcdef", "accounts/*"],
  ["/transactions/0.0.5-1-2?nonce=1", "transactions/*&nonce"],
  ["/network/supply", "network/supply"],
  ["/topics/0.0.5/messages/7", "topics/*/messages/*"],
  ["/topics/messages/7.1", "topics/messages/*"],
])("the kind of %s is %s", (path, kind) => {
  expect(requestKind(path)).toBe(kind);
});

const NAMES = ["account.id", "timestamp", "transactiontype", "type", "name", "publickey", "token.id", "limit", "order"];
const ID = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9.-]{0,9}$/);
const address = fc.oneof(
  fc.constantFrom("accounts", "balances", "blocks", "tokens", "transactions", "network/supply", "network/fees"),
  ID.map((id) => `accounts/${id}`),
  ID.map((id) => `transactions/${id}`),
  ID.map((id) => `tokens/${id}/balances`),
);
const pairs = fc.array(fc.tuple(fc.constantFrom(...NAMES), ID), { maxLength: 6 });

/** A letter of a name as a reader may write it. */
const letterIn = (letter: string) =>
  fc.constantFrom(letter, letter.toUpperCase(), `%${letter.charCodeAt(0).toString(16)}`);
/** The same parameters in any order, case and encoding, with other values, repeated, and with empty pairs between. */
const respelled = (given: readonly (readonly [string, string])[]) =>
  fc
    .shuffledSubarray([...given, ...given], { minLength: 2 * given.length })
    .chain((all) =>
      fc.tuple(
        ...all.map(([name]) =>
          fc
            .tuple(fc.tuple(...[...name].map(letterIn)), fc.constantFrom("", "[]", "[0]"), ID, fc.constantFrom("", "&"))
            .map(([letters, brackets, value, more]) => `${letters.join("")}${brackets}=${value}${more}`),
        ),
      ),
    )
    .map((spelled) => spelled.join("&"));

it("a request has the same kind however it is spelled", () => {
  const spellings = fc.tuple(address, pairs).chain(([path, given]) =>
    fc.record({
      plain: fc.constant(`/${path}?${given.map((pair) => pair.join("=")).join("&")}`),
      other: respelled(given).map((query) => `/${path}?${query}`),
    }),
  );
  fc.assert(fc.property(spellings, ({ plain, other }) => requestKind(other) === requestKind(plain)));
});

/** One address of each shape that is passed on, and one that is not. */
const SHAPES = [
  ...["accounts", "balances", "blocks", "tokens", "transactions", "accounts/1", "blocks/1", "tokens/1"],
  ...["transactions/1", "contracts/1", "schedules/1", "network/exchangerate", "network/fees", "network/nodes"],
  ...["network/stake", "network/supply", "accounts/1/nfts", "accounts/1/rewards", "accounts/1/tokens"],
  ...["tokens/1/balances", "tokens/1/nfts", "topics/1", "topics/1/messages", "topics/1/messages/1"],
  ...["topics/messages/1", "no/such/address"],
];
/** Every parameter of a mirror's lists. */
const PARAMETERS = [
  ...["account.balance", "account.id", "account.publickey", "balance", "block.hash", "block.number", "encoding"],
  ...["file.id", "limit", "name", "node.id", "nonce", "order", "publickey", "result", "scheduled", "sequencenumber"],
  ...["serialnumber", "spender.id", "timestamp", "token.id", "transactions", "transactiontype", "type"],
];

function everyKind(): ReadonlySet<string> {
  const kinds = new Set<string>();
  for (const shape of SHAPES) {
    const kindWith = (names: readonly string[]) => requestKind(`/${shape}?${names.join("&")}`);
    const plain = [kindWith([]), kindWith(["unknown"])];
    const telling = ["unknown", ...PARAMETERS.filter((name) => !plain.includes(kindWith([name])))];
    expect(telling.length, shape).toBeLessThanOrEqual(6);
    for (let set = 0; set < 2 ** telling.length; set += 1)
      kinds.add(kindWith(telling.filter((_, i) => (set & (2 ** i)) !== 0)));
  }
  return kinds;
}

it("there are few kinds, whatever is asked", () => {
  const kinds = everyKind();
  expect(kinds.size).toBe(324);
  const anyPath = fc.oneof(address, fc.constantFrom(...SHAPES), fc.webPath(), fc.string());
  const anyName = fc.oneof(fc.constantFrom(...PARAMETERS), fc.string());
  const request = fc
    .tuple(anyPath, fc.array(fc.tuple(anyName, fc.string())))
    .map(([path, given]) => `/${path}?${given.map((pair) => pair.join("=")).join("&")}`);
  fc.assert(fc.property(request, (path) => kinds.has(requestKind(path))));
});
