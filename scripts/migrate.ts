/** `npm run migrate`: brings the tables up to date as a step of its own, before the instances of a new version start. */
import { readEnv } from "@/lib/server/env";
import { runMigrations } from "@/lib/server/migrations";
import { environment } from "./environment";

runMigrations(readEnv(environment()), console.log).catch((cause: unknown) => {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
});
