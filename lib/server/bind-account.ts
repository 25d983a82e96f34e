import "server-only";
/** What the operator may say of accounts: which one signs in as an id of before accounts (`tm-…`). */
import { parseAccountId, parseUserId } from "../core/ids";
import type { AccountStore } from "../ports/account-store";

const USAGE = `npm run accounts -- list
npm run accounts -- bind 0.0.7226146 tm-alice
npm run accounts -- unbind 0.0.7226146`;

/** A command line that says nothing sensible; the message says what would. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Does what `args` say and answers what to print. Throws UsageError. */
export async function runAccountsCommand(
  args: readonly string[],
  accounts: AccountStore,
  nowMs: number,
): Promise<string> {
  const [command, account = "", user = ""] = args;
  if (command === "list" && args.length === 1) {
    const bindings = await accounts.bindings();
    return (
      bindings.map(({ accountId, userId }) => `${accountId} signs in as ${userId}`).join("\n") || "No account is bound."
    );
  }
  if (command !== "bind" && command !== "unbind") throw new UsageError(USAGE);
  const accountId = parseAccountId(account);
  if (accountId === null) throw new UsageError(`"${account}" is no account id: it looks like 0.0.7226146.`);
  if (command === "unbind") {
    const wasBound = await accounts.unbind(accountId);
    return wasBound ? `${accountId} signs in as itself again.` : `${accountId} was not bound.`;
  }
  const userId = parseUserId(user);
  // An account that signed in as another account would be two people to everybody who looks at the ledger.
  if (userId === null || parseAccountId(userId) !== null)
    throw new UsageError(`"${user}" is no id of before accounts: it looks like tm-alice.`);
  await accounts.bind({ accountId, userId, boundMs: nowMs });
  return `${accountId} signs in as ${userId} from now on.`;
}
