import "server-only";
/** Binds an account to an id from before accounts (`tm-…`), so that the account signs in as that id. */
import { type AccountId, parseAccountId, parseUserId, type UserId } from "../../core/ledger/ids";
import type { AccountStore } from "../../ports/store/account-store";
import type { AdminStore } from "../../ports/store/admin-store";
import type { ViewStore } from "../../ports/store/view-store";
import { recordCommand } from "../admin/record-command";

export const ACCOUNTS_USAGE = `npm run accounts -- COMMAND
  list                            show which account signs in as which id
  bind ACCOUNT ID [--replace]     let the account sign in as an older id, such as tm-alice; --replace changes a binding
  unbind ACCOUNT                  let the account sign in as itself again`;

/** The command line is malformed. The message shows the right form. */
export class WrongArguments extends Error {
  override readonly name = "WrongArguments";
}

/** The command is well-formed but was not carried out. The message says why. */
class NotDone extends Error {
  override readonly name = "Refusal";
}

/** The form of ids that TrustMesh gave people before they had accounts. */
const EARLIER_ID = /^tm-[a-z0-9][a-z0-9._-]*$/;
const RULE =
  "such an id is tm- followed by lower-case letters, digits, dots, hyphens or underscores, at most 50 characters";

interface AccountsDeps {
  readonly accounts: AccountStore;
  readonly admin: Pick<AdminStore, "begin" | "update">;
  readonly views: Pick<ViewStore, "contacts">;
  readonly now: () => number;
}

/** Does what was asked and resolves with the text to print. Rejects with NotDone. */
export type AccountsWork = (deps: AccountsDeps) => Promise<string>;

/** The work of the command in `words`. Throws WrongArguments before anything is opened for it. */
export function accountsWork(
  words: readonly string[],
  { replace = false }: { readonly replace?: boolean | undefined },
): AccountsWork {
  const [command, account = "", user = "", ...rest] = words;
  const most = command === "bind" ? 3 : command === "unbind" ? 2 : 1;
  if (command !== "list" && command !== "bind" && command !== "unbind")
    throw new WrongArguments(`There is no command ${command}: use list, bind or unbind.`);
  if (rest.length > 0 || words.length > most || (replace && command !== "bind"))
    throw new WrongArguments(`The arguments of ${command} are wrong: write them as shown here.`);
  if (command === "list") return ({ accounts }) => list(accounts);
  const accountId = parseAccountId(account);
  if (accountId === null)
    throw new WrongArguments(`"${account}" is not an account id. An account id looks like 0.0.7226146.`);
  if (command === "unbind") return (deps) => unbind(accountId, deps);
  const userId = EARLIER_ID.test(user) ? parseUserId(user) : null;
  // An account that signed in as another account would be two people to every reader of the ledger.
  if (userId === null) throw new WrongArguments(`"${user}" is not an id from before accounts: ${RULE}.`);
  return (deps) => bind(accountId, userId, replace, deps);
}

async function list(accounts: AccountStore): Promise<string> {
  const bindings = await accounts.bindings();
  const lines = bindings.map(
    ({ accountId, userId, boundMs }) => `${accountId} signs in as ${userId} since ${new Date(boundMs).toISOString()}`,
  );
  return lines.join("\n") || "No account is bound.";
}

async function unbind(accountId: AccountId, { accounts, admin, now }: AccountsDeps): Promise<string> {
  const userId = await accounts.boundTo(accountId);
  if (userId === null)
    throw new NotDone(`${accountId} is not bound. npm run accounts -- list shows which accounts are.`);
  const act = { action: "accounts.unbind", target: accountId };
  await recordCommand(admin, act, async () => ((await accounts.unbind(accountId)) ? { was: userId } : null), now);
  return `${accountId} signs in as itself again; it was ${userId}.`;
}

async function bind(accountId: AccountId, userId: UserId, replaces: boolean, deps: AccountsDeps): Promise<string> {
  const { accounts, admin, views, now } = deps;
  const bindings = await accounts.bindings();
  const bound = bindings.find((each) => each.accountId === accountId);
  if (bound?.userId === userId) return `${accountId} signs in as ${userId} already. Nothing was changed.`;
  if (bound && !replaces)
    throw new NotDone(`${accountId} signs in as ${bound.userId}. Add --replace to bind it to ${userId} instead.`);
  const others = bindings.filter((each) => each.userId === userId && each.accountId !== accountId);
  if (others.length > 0 && !replaces)
    throw new NotDone(
      `${userId} is bound to ${others.map((each) => each.accountId).join(", ")} already. Add --replace to let ${accountId} sign in as it too.`,
    );
  const { position } = await views.contacts(userId);
  const act = { action: "accounts.bind", target: `${accountId} ${userId}` };
  await recordCommand(
    admin,
    act,
    async () => {
      await accounts.bind({ accountId, userId, boundMs: now() });
      return bound ? { was: bound.userId } : null;
    },
    now,
  );
  const instead = bound ? ` It was ${bound.userId}.` : "";
  const isNobody = position === 0 ? ` No message concerns ${userId} so far. Check the id.` : "";
  return `${accountId} signs in as ${userId} from now on.${instead}${isNobody}`;
}
