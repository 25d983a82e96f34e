import "server-only";
/**
 * Magic's DID token as a sign-in (docs/hedera.md §5). The token names the Ethereum key that signed it. The ledger says which account the
 * key belongs to: the account that the key's identity is bound to (TOPIC_IDENTITY), otherwise the account that was made from the key's
 * address. Magic itself is never asked. A token that was accepted once is remembered until it ends or its binding changes.
 */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { addressOfKey, personalSigner } from "../../adapters/hedera/personal-signature";
import { atMostEntries } from "../../core/bounded-map";
import { type AccountId, type SessionId, sessionId, type UserId, userOfAccount } from "../../core/ledger/ids";
import {
  checkMagicToken,
  type EvmAddress,
  type MagicToken,
  type MagicTokenFault,
  parseMagicToken,
} from "../../core/ledger/magic-token";
import type { IdentityBinding } from "../../core/signals/identity-binding";
import type { SignOuts } from "../../engine/writes/sign-outs";
import type { Clock } from "../../ports/clock";
import type { LedgerAccount } from "../../ports/ledger/ledger";
import type { AccountStore } from "../../ports/store/account-store";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import { isProblem, ProblemError } from "../http/answers/problem";
import type { AccountLookup } from "./account-lookup";
import type { Identities } from "./identities";
import { SESSION_MS } from "./session";

export interface MagicSignInOptions {
  /** Client ids of the Magic applications whose tokens count; without any, no token does. */
  readonly clientIds: ReadonlySet<string>;
  readonly clock: Clock;
  readonly lookup: AccountLookup;
  readonly identities: Pick<Identities, "isOn" | "bindingOf">;
  readonly accounts: Pick<AccountStore, "boundTo">;
  readonly signOuts: Pick<SignOuts, "isOver">;
}

export interface MagicSession {
  /** Identifies the token, as a session's id identifies its cookie, so that a sign-out can end it. */
  readonly id: SessionId;
  readonly userId: UserId;
}

/** Accepted tokens that stay in memory, at half a kilobyte each. */
const REMEMBERED = 20_000;
/** The binding of an accepted token is checked again after this. It costs one statement. */
const BINDING_MS = 60_000;
/** The account made from an address is checked again after this. Each page load of the web UI brings several new tokens. */
const ACCOUNT_MS = 60_000;
/**
 * A session that a token begins lasts this long where bindings count. The session does not check the binding again, so it must end soon
 * after the binding does. The next request with a token begins a new session.
 */
const BOUND_SESSION_MS = 24 * 3_600_000;

const FAULTS: Readonly<Record<MagicTokenFault, string>> = {
  audience: "This token is for another application.",
  expired: "This token has expired. Sign in again.",
  "not-yet": "This token is not valid yet. Check the clock of your device.",
  "too-long-lived": "This token lives longer than a week, and such tokens are not accepted.",
};

interface Accepted extends MagicSession {
  readonly issuer: EvmAddress;
  readonly binding: IdentityBinding | null;
  readonly issuedMs: number;
  readonly expiresS: number;
  /** When the binding was last checked, by the monotonic clock. */
  boundMs: number;
}

export class MagicSignIn {
  private readonly accepted = new LRUCache<string, Accepted>(atMostEntries(REMEMBERED));
  private readonly underWay = new Map<string, Promise<Accepted>>();
  private readonly madeFrom = new LRUCache<EvmAddress, { readonly accountId: AccountId; readonly readMs: number }>(
    atMostEntries(REMEMBERED),
  );

  constructor(private readonly options: MagicSignInOptions) {}

  /** False where no Magic application is configured: then no token counts. */
  get isOn(): boolean {
    return this.options.clientIds.size > 0;
  }

  /** The lifetime of a session that a token begins, in milliseconds. */
  get sessionMs(): number {
    return this.options.identities.isOn ? BOUND_SESSION_MS : SESSION_MS;
  }

  /**
   * The session of a token. `onNew` runs before any work is done for a token that is not remembered. It refuses the token by rejecting.
   * Throws ProblemError: `wrong-token` for a token that is not accepted, `account-refused` where its key has no account or was unbound from
   * it, and the problems of AccountLookup and Identities.
   */
  async sessionOf(token: string, onNew: () => Promise<void>): Promise<MagicSession> {
    const name = hash("sha256", token, "base64url");
    const known = (await this.stillBound(name)) ?? (await this.joined(name, token, onNew));
    if (known.expiresS * 1_000 <= this.options.clock.now()) throw refusal(FAULTS.expired);
    if (this.options.signOuts.isOver(known.userId, known.id, known.issuedMs))
      throw refusal("This token was signed out. Sign in again.");
    return known;
  }

  /** The remembered session of a token; null if there is none, or if its binding has changed. */
  private async stillBound(name: string): Promise<Accepted | null> {
    const { identities, clock } = this.options;
    const known = this.accepted.get(name) ?? null;
    if (known === null || !identities.isOn || clock.monotonicMs() - known.boundMs < BINDING_MS) return known;
    // Set before the check, so that concurrent requests cause only one check.
    known.boundMs = clock.monotonicMs();
    try {
      const binding = await identities.bindingOf(known.issuer);
      if (isSameAccount(binding, known.binding)) return known;
    } catch (cause) {
      // The binding cannot be checked at the moment. Sessions go on while the database or the ledger is down.
      if (isProblem(cause) || isTierUnavailable(cause)) return known;
      throw cause;
    }
    this.accepted.delete(name);
    return null;
  }

  /** A page sends several requests at once with its new token: they are one sign-in. */
  private joined(name: string, token: string, onNew: () => Promise<void>): Promise<Accepted> {
    const running = this.underWay.get(name);
    if (running !== undefined) return running;
    const accepting = onNew()
      .then(() => this.accept(token))
      .then((session) => {
        this.accepted.set(name, session);
        return session;
      })
      .finally(() => this.underWay.delete(name));
    this.underWay.set(name, accepting);
    return accepting;
  }

  private async accept(text: string): Promise<Accepted> {
    const { clientIds, clock, accounts } = this.options;
    const token = parseMagicToken(text);
    if (token === null) throw refusal("This is no token of Magic's. Sign in again.");
    const checked = checkMagicToken(token, clientIds, clock.now() / 1_000);
    if (!checked.ok) throw refusal(FAULTS[checked.error]);
    if (personalSigner(token.claimText, token.proof) !== token.issuer)
      throw refusal("This token was not signed by the key that it names.");
    const { issuer, issuedS, expiresS } = token;
    const boundMs = clock.monotonicMs();
    const binding = await this.options.identities.bindingOf(issuer);
    const accountId = await this.accountOf(issuer, binding);
    const userId = (await accounts.boundTo(accountId)) ?? userOfAccount(accountId);
    return { id: idOf(token), userId, issuer, binding, issuedMs: issuedS * 1_000, expiresS, boundMs };
  }

  /**
   * The account that the identity is bound to; without any binding, the account that was made from its address. Throws ProblemError
   * `account-refused` for an identity that was unbound. Most bindings name the account that was made from the address. So if an unbound
   * identity fell back to that account, unbinding would change nothing.
   */
  private async accountOf(issuer: EvmAddress, binding: IdentityBinding | null): Promise<AccountId> {
    if (binding === null) return this.accountAt(issuer);
    if (binding.accountId !== null) return binding.accountId;
    throw new ProblemError(
      "account-refused",
      "This identity was unbound from its account. Ask the operator of this service to bind it again.",
    );
  }

  /** The account that was made from this address, as long as the same key still signs for it. A change counts within a minute. */
  private async accountAt(address: EvmAddress): Promise<AccountId> {
    const { lookup, clock, identities } = this.options;
    const known = this.madeFrom.get(address);
    const readMs = clock.monotonicMs();
    if (known !== undefined && readMs - known.readMs < ACCOUNT_MS) return known.accountId;
    const account = await lookup.byAddress(address, identities.isOn);
    if (!isKeyOf(account, address))
      throw new ProblemError("account-refused", `Account ${account.accountId} has another key now than this token's.`);
    const { accountId } = account;
    this.madeFrom.set(address, { accountId, readMs });
    return accountId;
  }
}

/** An account without a key waits for the key of its address: nobody else can give it one. */
function isKeyOf({ key, evmAddress }: LedgerAccount, address: EvmAddress): boolean {
  if (key.kind === "none") return evmAddress === address;
  return key.kind === "ecdsa-secp256k1" && addressOfKey(key.bytes) === address;
}

const isSameAccount = (a: IdentityBinding | null, b: IdentityBinding | null) =>
  (a === null) === (b === null) && a?.accountId === b?.accountId;

const refusal = (detail: string) => new ProblemError("wrong-token", detail);

/** From the signed part only: a signature has several spellings, and all of them verify. */
const idOf = ({ claimText }: MagicToken): SessionId =>
  sessionId(hash("sha256", `magic ${claimText}`, "base64url").slice(0, 22));
