/**
 * `npm run doctor`: says for each part of the configuration whether it works, and how to fix it. Exit status 1 if a part does
 * not work.
 */
import { examine } from "@/lib/server/cli/doctor";
import { command } from "../command";
import { environment } from "../environment";

const USAGE = `npm run doctor
  Reads the same environment as the app, checks everything that the environment names, and says in sentences what is wrong and
  how to fix it. Changes nothing. Exit status 1 if something is wrong.`;

void command({ usage: USAGE }, async () => {
  for await (const { what, ok, sentence } of examine(environment())) {
    console.log(`${ok ? "ok  " : "FAIL"}  ${what.padEnd(14)} ${sentence}`);
    if (!ok) process.exitCode = 1;
  }
});
