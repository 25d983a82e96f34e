/**
 * `npm run accounts`: lists, makes and removes bindings in the app's own database. A binding maps a Hedera account to a user id from
 * the time before accounts.
 */

import { openStoresOfCommand } from "@/lib/server/boot/open";
import { ACCOUNTS_USAGE, type AccountsWork, accountsWork, WrongArguments } from "@/lib/server/cli/bind-account";
import { readEnv } from "@/lib/server/config/env";
import { command, UsageError } from "../command";
import { environment } from "../environment";

const SPEC = {
  usage: ACCOUNTS_USAGE,
  options: { replace: { type: "boolean" } },
  words: { least: 1, most: 3 },
} as const;

void command(SPEC, async ({ words, values }) => {
  const work = workOf(words, values);
  const { accounts, admin, views, close } = await openStoresOfCommand(readEnv(environment()));
  try {
    console.log(await work({ accounts, admin, views, now: Date.now }));
  } finally {
    await close();
  }
});

function workOf(...asked: Parameters<typeof accountsWork>): AccountsWork {
  try {
    return accountsWork(...asked);
  } catch (cause) {
    throw cause instanceof WrongArguments ? new UsageError(cause.message) : cause;
  }
}
