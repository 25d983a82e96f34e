import "server-only";
/**
 * Signing in with a Hedera account (HIP-820; docs/hedera.md §5). A challenge is sealed with a key made of the session secret, so any
 * instance can tell its own from a forged one and none has to keep it; that it was used is kept, where all instances see it.
 *
 *   ask      text bound to domain, network, account and expiry → sealed
 *   answer   seal, domain, network, account, time → form of the answer → used before? → key of the mirror → signature → id
 *
 * The mirror comes after everything that needs nobody else: one challenge costs one mirror request, however often it is sent.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  checkMessageSignature,
  type PlainKey,
  parseSignatureMap,
  type SignatureFault,
} from "../../adapters/hedera/message-signature";
import { keyOf } from "../../core/key";
import { challengeText, parseChallenge, sealed } from "../../core/ledger/challenge";
import { type AccountId, type UserId, userOfAccount } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { Ledger } from "../../ports/ledger/ledger";
import type { HotCache } from "../../ports/shared/hot-cache";
import type { AccountStore } from "../../ports/store/account-store";
import { isProblem, ProblemError } from "../http/problem";

export interface SignInOptions {
  readonly secrets: readonly string[];
  readonly network: string;
  /** Names that browsers know the app by; null where none is configured. */
  readonly domains: readonly string[] | null;
  readonly clock: Clock;
  readonly hot: HotCache;
  readonly ledger: Ledger;
  readonly accounts: AccountStore;
  /** Sign-ins may take this many mirror requests a second in all, so that a flood of them does not starve the sync. */
  readonly mirrorPerSecond: number;
}

/** Where a request says it comes from, and whether its socket is one of this machine (client-address.ts). */
export interface Caller {
  readonly host: string | null;
  readonly isThisMachine: boolean;
}

/** Answers in which the ledger did not say anything about the account. */
const UNASKED: ReadonlySet<string> = new Set(["too-many", "ledger-unavailable"]);

/** Long enough to find the wallet on one's telephone. */
const LIFE_S = 300;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

const FAULTS: Readonly<Record<SignatureFault, string>> = {
  malformed: "The signature is not one that this account's kind of key makes.",
  "other-key": "The signature is of another key than the account has on the ledger now.",
  ambiguous: "There is more than one signature that could be meant. Sign with this account alone.",
  "weak-key": "This account's key is one that anybody can sign for. Give the account another key, then sign in.",
  wrong: "The signature does not match the challenge and the account's key.",
};

export class SignIn {
  private readonly sealKeys: readonly Buffer[];

  constructor(private readonly options: SignInOptions) {
    // A key of its own: nothing that is signed for a session can be passed off as a seal, or the other way round.
    this.sealKeys = options.secrets.map((secret) => createHmac("sha256", secret).update("sign-in challenge").digest());
  }

  /** A challenge for `accountId`, asked for as `caller` says. */
  challenge(accountId: AccountId, caller: Caller): { challenge: string; expiresAt: string } {
    const { network, clock } = this.options;
    const expiresS = Math.floor(clock.now() / 1_000) + LIFE_S;
    const nonce = randomBytes(18).toString("base64url");
    const text = challengeText({ domain: this.domainOf(caller), network, accountId, expiresS, nonce });
    const challenge = sealed(text, sealOf(this.sealKeys[0] as Buffer, text));
    return { challenge, expiresAt: new Date(expiresS * 1_000).toISOString() };
  }

  /**
   * The id that `accountId` signs in as, if `signatureMap` (base64) is its answer to `challenge`. Throws ProblemError with the
   * reason where not, TierUnavailable where use cannot be recorded. A challenge takes one answer that has the form of one; it
   * is given back where the ledger could not be asked.
   */
  async verify(accountId: AccountId, challenge: string, signatureMap: string, caller: Caller): Promise<UserId> {
    const { hot, clock, accounts } = this.options;
    const { nonce, expiresS } = this.checkedChallenge(accountId, challenge, caller);
    const answer = await parseSignatureMap(Buffer.from(signatureMap, "base64"));
    if (!answer.ok) throw new ProblemError("signature", FAULTS[answer.error], { field: "signatureMap" });
    const use = keyOf("challenge", nonce);
    const leftMs = expiresS * 1_000 - clock.now();
    if ((await hot.attempt(use, "", leftMs + 1_000)).kind !== "first")
      throw new ProblemError("challenge-used", "This challenge was answered before. Ask for a new one.");
    const key = await this.accountKey(accountId).catch(async (cause: unknown) => {
      const isUnasked = isProblem(cause) && UNASKED.has(cause.code);
      if (isUnasked) await hot.abandon(use);
      throw cause;
    });
    const signed = checkMessageSignature(key, challenge, answer.value);
    if (!signed.ok)
      throw new ProblemError("signature", `${FAULTS[signed.error]} Ask for a new challenge to try again.`, {
        field: "signatureMap",
      });
    return (await accounts.boundTo(accountId)) ?? userOfAccount(accountId);
  }

  private checkedChallenge(accountId: AccountId, text: string, caller: Caller) {
    const refuse = (detail: string) => new ProblemError("challenge", detail, { field: "challenge" });
    const parsed = parseChallenge(text);
    if (parsed === null || !this.sealKeys.some((key) => isEqual(sealOf(key, parsed.text), parsed.seal)))
      throw refuse("This challenge was not made here. Ask for a new one.");
    const { challenge } = parsed;
    if (challenge.domain !== this.domainOf(caller)) throw refuse("This challenge is for another site.");
    if (challenge.network !== this.options.network)
      throw refuse(`This challenge is for another network than ${this.options.network}.`);
    if (challenge.accountId !== accountId) throw refuse("This challenge is for another account.");
    if (challenge.expiresS * 1_000 <= this.options.clock.now())
      throw refuse("This challenge has expired. Ask for a new one.");
    return challenge;
  }

  /**
   * The configured name that the Host header gives, or the first of them. Not simply the header: that is the caller's to write,
   * and a page that relays challenges would be bound to its own name. Where no name is configured the app has one for this
   * machine only, and the caller's socket says whether it is this machine.
   */
  private domainOf({ host, isThisMachine }: Caller): string {
    const { domains } = this.options;
    const name = host?.toLowerCase() ?? "";
    if (domains !== null) return domains.includes(name) ? name : (domains[0] as string);
    if (isThisMachine && LOOPBACK.test(name)) return name;
    throw new ProblemError(
      "not-configured",
      "This server does not know its own name, so nobody can sign in with a wallet: its operator has to set APP_DOMAIN.",
    );
  }

  /** The account's key on the ledger. Asked for each time: a key that was rotated must not sign in. */
  private async accountKey(accountId: AccountId): Promise<PlainKey> {
    const { hot, ledger, mirrorPerSecond } = this.options;
    const policy = { perSecond: mirrorPerSecond, burst: mirrorPerSecond, maxWaitMs: 0 };
    if ((await hot.reserve("sign-in", policy)) === null)
      throw new ProblemError("too-many", "Many people are signing in at the moment. Try again shortly.", {
        retryAfterS: 1,
      });
    const found = await ledger.account(accountId);
    if (!found.ok) {
      if (found.error.code === "not-found")
        throw new ProblemError("account-refused", `There is no account ${accountId} on ${this.options.network}.`);
      throw new ProblemError("ledger-unavailable", `The account's key cannot be looked up: ${found.error.message}.`, {
        retryAfterS: Math.ceil((found.error.retryAfterMs ?? 1_000) / 1_000),
      });
    }
    const { isDeleted, key } = found.value;
    const refuse = (why: string) => new ProblemError("account-refused", `Account ${accountId} ${why}`);
    if (isDeleted) throw refuse("was deleted.");
    if (key.kind === "none") throw refuse("has no key yet: it comes with its first transaction.");
    if (key.kind === "many")
      throw refuse("is signed for by several keys or by a contract, and only one plain key can sign in.");
    return key;
  }
}

const sealOf = (key: Buffer, text: string): string => createHmac("sha256", key).update(text).digest("base64url");

function isEqual(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
