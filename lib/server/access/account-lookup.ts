import "server-only";
/** Accounts as the mirror has them, for people who sign in. */
import type { AccountId } from "../../core/ledger/ids";
import type { EvmAddress } from "../../core/ledger/magic-token";
import type { Result } from "../../core/result";
import type { Ledger, LedgerAccount, LedgerError } from "../../ports/ledger/ledger";
import type { HotCache } from "../../ports/shared/hot-cache";
import { ProblemError } from "../http/answers/problem";

export interface AccountLookupOptions {
  readonly network: string;
  readonly hot: Pick<HotCache, "reserve">;
  readonly ledger: Pick<Ledger, "account" | "accountAt">;
  /** Sign-ins may take this many mirror requests a second in all, so that a flood of them does not starve the sync. */
  readonly mirrorPerSecond: number;
}

export class AccountLookup {
  constructor(private readonly options: AccountLookupOptions) {}

  /** Throws ProblemError: `account-refused` if there is none, `too-many` and `ledger-unavailable` if nobody could be asked. */
  byId(accountId: AccountId): Promise<LedgerAccount> {
    const none = `There is no account ${accountId} on ${this.options.network}.`;
    return this.found(() => this.options.ledger.account(accountId), none);
  }

  /** As `byId`, for the account that was made from this Ethereum address. `mayBeBound`: an operator could bind one instead. */
  byAddress(address: EvmAddress, mayBeBound: boolean): Promise<LedgerAccount> {
    const none = mayBeBound
      ? `This identity is bound to no account, and its address ${address} has none on ${this.options.network}. Ask the operator of this service to bind it.`
      : `There is no account for the address ${address} on ${this.options.network}.`;
    return this.found(() => this.options.ledger.accountAt(address), none);
  }

  private async found(ask: () => Promise<Result<LedgerAccount, LedgerError>>, none: string): Promise<LedgerAccount> {
    const { hot, mirrorPerSecond } = this.options;
    const policy = { perSecond: mirrorPerSecond, burst: mirrorPerSecond, maxWaitMs: 0 };
    if ((await hot.reserve("sign-in", policy)) === null)
      throw new ProblemError("too-many", "Many people are signing in at the moment. Try again shortly.", {
        retryAfterS: 1,
      });
    const found = await ask();
    if (!found.ok && found.error.code === "not-found") throw new ProblemError("account-refused", none);
    if (!found.ok)
      throw new ProblemError("ledger-unavailable", `The account's key cannot be looked up: ${found.error.message}.`, {
        retryAfterS: Math.ceil((found.error.retryAfterMs ?? 1_000) / 1_000),
      });
    if (found.value.isDeleted)
      throw new ProblemError("account-refused", `Account ${found.value.accountId} was deleted.`);
    return found.value;
  }
}
