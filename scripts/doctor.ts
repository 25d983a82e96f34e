/** `npm run doctor`: says of each part of the configuration whether it works, and how to mend it. Exit status 1 if something does not. */
import { examine } from "@/lib/server/doctor";
import { environment } from "./environment";

async function main(): Promise<void> {
  for await (const { what, ok, sentence } of examine(environment())) {
    console.log(`${ok ? "ok  " : "FAIL"}  ${what.padEnd(14)} ${sentence}`);
    if (!ok) process.exitCode = 1;
  }
}

void main();
