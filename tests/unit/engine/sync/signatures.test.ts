import { beforeEach, describe, expect, it } from "vitest";
import { checkSignature } from "@/lib/adapters/hedera/message-signature";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import { CHAIN_START } from "@/lib/core/ledger/verify";
import { err, ok } from "@/lib/core/result";
import { decodeJson } from "@/lib/core/signals/envelope";
import { interpret } from "@/lib/core/signals/interpret";
import type { SignatureVerdict } from "@/lib/core/signals/signal";
import { type LookupPurpose, Signatures } from "@/lib/engine/sync/topic/signatures";
import type { AccountKey, LedgerError, MirrorName } from "@/lib/ports/ledger/ledger";
import { chainOf, OPERATOR, type Piece, sha384 } from "../../../support/mirrors/chain";
import { ed25519Wallet, type Wallet } from "../../../support/stand-ins/wallet";
import { unwrap } from "../../../support/unwrap";
import { signedProfile } from "../../../support/worlds/histories/signed";

const TOPIC = "0.0.5005" as TopicId;
const STRANGER = "0.0.666" as AccountId;
const START_MS = 1_790_000_000_000;
const trustedPayers = new Set([OPERATOR]);
const nsOf = (ms: number) => BigInt(ms) * 1_000_000n;
const account = (n: number) => `0.0.${7000 + n}` as AccountId;

/** By account: the key from a time on. */
let keys: Map<string, readonly (readonly [fromMs: number, key: AccountKey])[]>;
let asked: string[];
let fault: LedgerError | null;
/** Faults of one mirror alone, by its place in the list. */
let faultOf: Map<number, LedgerError>;
let recovered: number;
let budget: Record<LookupPurpose, number>;
let signatures: Signatures;

beforeEach(() => {
  [keys, asked, fault] = [new Map(), [], null];
  [faultOf, recovered] = [new Map(), 0];
  budget = { stored: Number.POSITIVE_INFINITY, submitted: Number.POSITIVE_INFINITY };
  signatures = new Signatures({
    trustedPayers,
    onRecovered: () => {
      recovered += 1;
    },
    reserve: async (purpose) => {
      budget[purpose] -= 1;
      return budget[purpose] >= 0;
    },
    verify: (key, message, signature) => {
      const checked = checkSignature(key, message, signature);
      return checked.ok ? "right" : checked.error === "weak-key" ? "weak" : "wrong";
    },
    ledger: {
      mirrors: ["https://a.test", "https://b.test"] as MirrorName[],
      account: async (accountId, atNs, { attempt = 0 } = {}) => {
        const broken = faultOf.get(attempt) ?? fault;
        if (attempt === 0)
          asked.push(`${accountId}@${atNs === undefined ? "now" : Number(atNs / 1_000_000n) - START_MS}`);
        if (broken !== null) return err(broken);
        const atMs = atNs === undefined ? Number.POSITIVE_INFINITY : Number(atNs / 1_000_000n);
        const key = keys.get(accountId)?.findLast(([fromMs]) => fromMs <= atMs)?.[1];
        if (key === undefined) return err({ code: "not-found", message: "the mirror has no such account" });
        return ok({ accountId, evmAddress: null, isDeleted: false, key });
      },
    },
  });
});

const hasKey = (accountId: string, { key }: Wallet, fromMs = 0) =>
  keys.set(accountId, [...(keys.get(accountId) ?? []), [fromMs, key]]);
const signed = (wallet: Wallet, accountId: string, afterMs: number, payer = STRANGER): Piece => ({
  ...{ body: signedProfile(wallet, accountId, { timestamp: START_MS + afterMs }), payer },
  consensusNs: nsOf(START_MS + afterMs),
});

/** The state of each message's signature. */
async function settled(pieces: readonly Piece[]) {
  const messages = chainOf(TOPIC, pieces);
  const look = (judged?: ReadonlyMap<number, SignatureVerdict>) =>
    interpret({ topicId: TOPIC, head: CHAIN_START, messages, priorParts: [], trustedPayers, sha384, judged });
  return (await signatures.settled(look(), look)).entries.map(({ signature }) => signature);
}

describe("a signature", () => {
  it("is judged by the key that the account had at the message's time", async () => {
    const [before, after] = [ed25519Wallet(), ed25519Wallet()];
    hasKey(account(1), before);
    hasKey(account(1), after, START_MS + 50);
    const pieces = [
      signed(before, account(1), 10),
      signed(after, account(1), 20),
      signed(after, account(1), 60),
      signed(before, account(1), 70),
    ];
    expect(await settled(pieces)).toEqual(["alone", "wrong", "alone", "wrong"]);
    expect(await settled([signed(before, account(1), 40)])).toEqual(["alone"]);
  });

  it.each<[string, AccountKey]>([
    ["a list of keys", { kind: "many" }],
    ["no key", { kind: "none" }],
    ["a key for which everybody can sign", { kind: "ed25519", bytes: new Uint8Array(32).fill(0).with(0, 1) }],
  ])("of an account with %s proves nothing", async (_, key) => {
    keys.set(account(1), [[0, key]]);
    expect(await settled([signed(ed25519Wallet(), account(1), 10)])).toEqual(["unprovable"]);
  });

  it("of an account that did not exist yet proves nothing", async () => {
    const wallet = ed25519Wallet();
    hasKey(account(1), wallet, START_MS + 50);
    expect(await settled([signed(wallet, account(1), 10)])).toEqual(["unprovable"]);
  });

  it.each(["0.0.0", "0.0.274877906944", "0.65536.7", "1024.0.7"])(
    "of %s proves nothing, and no mirror is asked: the ledger cannot have such an account",
    async (id) => {
      fault = { code: "unavailable", message: "the mirror answered 400" };
      expect(await settled([signed(ed25519Wallet(), id, 10, OPERATOR)])).toEqual(["unprovable"]);
      expect([asked, signatures.trouble]).toEqual([[], null]);
    },
  );

  it("stays open while the mirror cannot be asked, and is judged when it can", async () => {
    const wallet = ed25519Wallet();
    hasKey(account(1), wallet);
    for (const code of ["unavailable", "timeout", "rate-limited", "malformed", "circuit-open"] as const) {
      fault = { code, message: "not now" };
      expect(await settled([signed(wallet, account(1), 10)])).toEqual(["open"]);
    }
    fault = null;
    expect(await settled([signed(wallet, account(1), 10)])).toEqual(["alone"]);
  });

  it("about to be written is judged by the key that the account has now", async () => {
    const [before, after] = [ed25519Wallet(), ed25519Wallet()];
    hasKey(account(1), before);
    hasKey(account(1), after, START_MS + 50);
    const verdict = async (body: object) => {
      const decoded = decodeJson(body);
      return decoded.ok ? signatures.judgeNow(decoded.value) : decoded.error;
    };
    const body = (wallet: Wallet) => signedProfile(wallet, account(1), { timestamp: START_MS });
    expect(await verdict(body(after))).toBe("right");
    expect(await verdict(body(before))).toBe("wrong");
    expect(await verdict({ type: "PROFILE_UPDATE", from: account(1) })).toBeNull();
    fault = { code: "timeout", message: "not now" };
    expect(await verdict(body(after))).toBe("open");
    expect(await verdict({ ...body(after), signature: "aa" })).toBe("wrong");
  });
});

describe("a mirror that does not say which key an account had", () => {
  const refused: LedgerError = { code: "unavailable", message: "the mirror answered 400" };
  const wallet = ed25519Wallet();
  const message = (afterMs = 10) => [signed(wallet, account(1), afterMs)];
  beforeEach(() => void hasKey(account(1), wallet));

  it("is followed by the next mirror, and nobody is troubled", async () => {
    faultOf.set(0, refused);
    expect(await settled(message())).toEqual(["alone"]);
    expect(signatures.trouble).toBeNull();
  });

  it("is a trouble with its reason if no other mirror does, until a request is answered", async () => {
    fault = refused;
    expect(await settled(message())).toEqual(["open"]);
    expect(await settled(message(20))).toEqual(["open"]);
    expect(signatures.trouble).toMatchObject({ reason: "the mirror answered 400" });
    fault = { code: "circuit-open", message: "no mirror node has answered lately; trying again shortly" };
    await settled(message());
    expect(signatures.trouble).toMatchObject({ reason: "the mirror answered 400" });
    expect(recovered).toBe(0);
    fault = null;
    expect(await settled(message())).toEqual(["alone"]);
    expect([signatures.trouble, recovered]).toEqual([null, 1]);
    await settled(message(30));
    expect(recovered).toBe(1);
  });

  it("is asked again by a probe, which ends the trouble, and which asks nothing without one", async () => {
    await signatures.probe();
    expect(asked).toEqual([]);
    fault = refused;
    await settled(message());
    await signatures.probe();
    expect(signatures.trouble).not.toBeNull();
    fault = null;
    await signatures.probe();
    expect([signatures.trouble, recovered]).toEqual([null, 1]);
  });

  it("is not reported as trouble if only the budget is used up", async () => {
    budget.stored = 0;
    expect(await settled(message())).toEqual(["open"]);
    budget.stored = 5;
    fault = { code: "no-budget", message: "the mirror request budget is used up" };
    expect(await settled(message())).toEqual(["open"]);
    expect(signatures.trouble).toBeNull();
  });
});

describe("look-ups of keys", () => {
  it("are two for a hundred messages of one account, and one for each later batch", async () => {
    const wallet = ed25519Wallet();
    hasKey(account(1), wallet);
    const batch = (fromMs: number) => Array.from({ length: 100 }, (_, i) => signed(wallet, account(1), fromMs + i));
    expect(new Set(await settled(batch(0)))).toEqual(new Set(["alone"]));
    expect(asked).toEqual([`${account(1)}@99`, `${account(1)}@0`]);
    expect(new Set(await settled(batch(100)))).toEqual(new Set(["alone"]));
    expect(asked.slice(2)).toEqual([`${account(1)}@199`]);
  });

  it("are bounded for one batch, and trusted payers' messages come first", async () => {
    const wallets = Array.from({ length: 40 }, () => ed25519Wallet());
    for (const [i, wallet] of wallets.entries()) hasKey(account(i), wallet);
    const pieces = wallets.map((wallet, i) => signed(wallet, account(i), i, i < 36 ? STRANGER : OPERATOR));
    const states = await settled(pieces);
    expect(asked).toHaveLength(16);
    expect(states.slice(36)).toEqual(Array(4).fill("both"));
    expect(states.filter((state) => state === "open")).toHaveLength(24);
  });

  it("stop where the budget ends", async () => {
    const wallets = [ed25519Wallet(), ed25519Wallet(), ed25519Wallet()];
    for (const [i, wallet] of wallets.entries()) hasKey(account(i), wallet);
    budget.stored = 2;
    const states = await settled(wallets.map((wallet, i) => signed(wallet, account(i), i)));
    expect(states.toSorted()).toEqual(["alone", "alone", "open"]);
    expect(asked).toHaveLength(2);
  });

  it("for a message about to be written have a budget of their own: strangers' messages do not use it up", async () => {
    const wallet = ed25519Wallet();
    hasKey(account(1), wallet);
    budget = { stored: 0, submitted: 1 };
    expect(await settled([signed(wallet, account(1), 10)])).toEqual(["open"]);
    const decoded = decodeJson(signedProfile(wallet, account(1), { timestamp: START_MS }));
    expect(decoded.ok && (await signatures.judgeNow(decoded.value))).toBe("right");
    expect(decoded.ok && (await signatures.judgeNow(decoded.value))).toBe("open");
  });

  it("are one for two topics that ask at once", async () => {
    const wallet = ed25519Wallet();
    hasKey(account(1), wallet);
    const message = [signed(wallet, account(1), 10)];
    expect(await Promise.all([settled(message), settled(message)])).toEqual([["alone"], ["alone"]]);
    expect(asked).toHaveLength(1);
  });

  it("are none for unsigned messages, for text that is no signature, and for old messages of strangers", async () => {
    const wallet = ed25519Wallet();
    hasKey(account(1), wallet);
    const body = unwrap(signed(wallet, account(1), 0)).body as object;
    await settled([
      { body: { type: "PROFILE_UPDATE", from: account(1) } },
      { body: { ...body, signature: "demo_signature" } },
      { body, payer: STRANGER, consensusNs: nsOf(START_MS + 400_000) },
    ]);
    expect(asked).toEqual([]);
  });
});
