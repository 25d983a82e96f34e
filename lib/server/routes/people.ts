import "server-only";
import { mayBeSomebody, parseAccountId } from "../../core/ledger/ids";
import { isKnown } from "../../engine/reads/known-user";
import { PersonAnswer } from "../../wire/person";
import type { App } from "../boot/app";
import { privateJson } from "../http/answers/reply";
import { userInPath } from "../http/path-parameters";
import { defineRoute } from "../http/route";

/** A message stays on the ledger for ever, so a page asks this before it writes to a typed id. */
export const person = defineRoute({
  summary: "Whether an id is in use, and whether the ledger has such an account",
  access: "user",
  limit: "person",
  problems: ["bad-input"],
  answer: PersonAnswer,
  handle: async ({ app, params }) => {
    const userId = userInPath(params);
    const known = await isKnown(app.stores.views, userId);
    return privateJson({ userId, known, account: known ? null : await hasAccount(app, userId) });
  },
});

/** One mirror request at most. Null if the id is not an account's, or no mirror answers. */
async function hasAccount({ ledger }: App, userId: string): Promise<boolean | null> {
  if (!mayBeSomebody(userId)) return false;
  const accountId = parseAccountId(userId);
  if (accountId === null) return null;
  const found = await ledger.account(accountId);
  if (found.ok) return true;
  return found.error.code === "not-found" ? false : null;
}
