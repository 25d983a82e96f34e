import "server-only";
/**
 * Sign-in with a Hedera account (HIP-820; docs/hedera.md §5). Each challenge carries a seal, made with a key from the session
 * secret. By the seal any instance knows its own challenges, so none has to store them. Only their use is stored, in the shared
 * tier.
 *
 *   challenge  text bound to domain, network, account and expiry → sealed
 *   answer     check seal, domain, network, account and time → form of the answer → not used before → key from the mirror →
 *              signature → user id
 *
 * The mirror is asked after all other checks: one challenge costs one mirror request, however often it is sent.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  checkMessageSignature,
  type PlainKey,
  parseSignatureMap,
  type SignatureFault,
} from "../../adapters/hedera/message-signature";
import { keyOf } from "../../core/key";
import { challengeText, parseChallenge, withSeal } from "../../core/ledger/challenge";
import { type AccountId, type UserId, userOfAccount } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { HotCache } from "../../ports/shared/hot-cache";
import type { AccountStore } from "../../ports/store/account-store";
import { isProblem, ProblemError } from "../http/answers/problem";
import type { AccountLookup } from "./account-lookup";

export interface SignInOptions {
  readonly secrets: readonly string[];
  readonly network: string;
  /** Names by which browsers know the app. Null if none is configured. */
  readonly domains: readonly string[] | null;
  readonly clock: Clock;
  readonly hot: HotCache;
  readonly lookup: AccountLookup;
  readonly accounts: AccountStore;
}

/** The Host header of a request, and whether its socket belongs to this machine (client-address.ts). */
export interface Caller {
  readonly host: string | null;
  readonly isThisMachine: boolean;
}

/** Errors that say nothing about the account, because the ledger was not reached. */
const UNASKED: ReadonlySet<string> = new Set(["too-many", "ledger-unavailable"]);

/** Long enough to find the wallet on a phone. */
const LIFE_S = 300;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

const FAULTS: Readonly<Record<SignatureFault, string>> = {
  malformed: "The signature does not have the form that this account's type of key makes.",
  "other-key": "The signature was made with a key that the account does not have on the ledger now.",
  ambiguous: "The answer holds more than one matching signature. Sign with this account alone.",
  "weak-key": "Anybody can sign with this account's key. Give the account another key, then sign in.",
  wrong: "The signature does not match the challenge and the account's key.",
};

export class SignIn {
  private readonly sealKeys: readonly Buffer[];

  constructor(private readonly options: SignInOptions) {
    // This key only signs seals. Nothing signed for a session can pass as a seal, or the other way round.
    this.sealKeys = options.secrets.map((secret) => createHmac("sha256", secret).update("sign-in challenge").digest());
  }

  /** A new challenge for `accountId`, bound to the site that `caller` uses. */
  challenge(accountId: AccountId, caller: Caller): { challenge: string; expiresAt: string } {
    const { network, clock } = this.options;
    const expiresS = Math.floor(clock.now() / 1_000) + LIFE_S;
    const nonce = randomBytes(18).toString("base64url");
    const text = challengeText({ domain: this.domainOf(caller), network, accountId, expiresS, nonce });
    const challenge = withSeal(text, sealOf(this.sealKeys[0] as Buffer, text));
    return { challenge, expiresAt: new Date(expiresS * 1_000).toISOString() };
  }

  /**
   * The user id that `accountId` signs in as, if `signatureMap` (base64) answers `challenge`. Throws ProblemError with the
   * reason if it does not, and TierUnavailable if the use cannot be recorded. One well-formed answer uses a challenge up,
   * unless the ledger could not be reached.
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
   * The configured name that equals the Host header, otherwise the first one. The header itself is not trusted: a page that
   * relays challenges could write its own name there. Without a configured name, the app has a name for requests from this
   * machine only, which the caller's socket shows.
   */
  private domainOf({ host, isThisMachine }: Caller): string {
    const { domains } = this.options;
    const name = host?.toLowerCase() ?? "";
    if (domains !== null) return domains.includes(name) ? name : (domains[0] as string);
    if (isThisMachine && LOOPBACK.test(name)) return name;
    throw new ProblemError(
      "not-configured",
      "Nobody can sign in with a wallet here until the operator sets APP_DOMAIN.",
    );
  }

  /** The account's key on the ledger. It is asked for at each sign-in, because a replaced key must not sign in. */
  private async accountKey(accountId: AccountId): Promise<PlainKey> {
    const { key } = await this.options.lookup.byId(accountId);
    const refuse = (why: string) => new ProblemError("account-refused", `Account ${accountId} ${why}`);
    if (key.kind === "none") throw refuse("has no key yet: its first transaction sets it.");
    if (key.kind === "many")
      throw refuse("is controlled by several keys or by a contract. Only an account with one plain key can sign in.");
    return key;
  }
}

const sealOf = (key: Buffer, text: string): string => createHmac("sha256", key).update(text).digest("base64url");

function isEqual(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
