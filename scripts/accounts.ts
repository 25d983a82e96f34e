/** `npm run accounts`: lists, makes and ends bindings of Hedera accounts to ids of before accounts, in the app's own database. */
import { runAccountsCommand } from "@/lib/server/bind-account";
import { readEnv } from "@/lib/server/env";
import { createLog } from "@/lib/server/log";
import { openStores } from "@/lib/server/open";
import { environment } from "./environment";

async function main(): Promise<void> {
  const quiet = createLog(() => {}, false);
  const stores = await openStores(readEnv(environment()), quiet);
  try {
    console.log(await runAccountsCommand(process.argv.slice(2), stores.accounts, Date.now()));
  } finally {
    await stores.close();
  }
}

main().catch((cause: unknown) => {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
});
