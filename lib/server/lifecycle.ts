import "server-only";
/** The app's life inside a server process. */
import { OtherNetwork, SchemaBehind } from "../adapters/postgres/store";
import { NoDevnet } from "../devnet/spawn";
import { watchSockets } from "./client-address";
import { keepDoor } from "./door";
import { EnvError } from "./env";
import { getApp } from "./start";

/**
 * Starts the app with the server, so that the first visitor does not wait for it; on a signal ends streams with `bye`, closes
 * what was opened, and lets the server end. Without this, Next waits for open streams for ever (platform.md).
 */
export async function startWithServer(): Promise<void> {
  watchSockets();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
  try {
    keepDoor(await getApp());
  } catch (cause) {
    // What an operator has to mend is a sentence that says so; of anything else the whole is of use.
    console.error(isForOperators(cause) ? cause.message : cause);
    process.exit(1);
  }
}

const isForOperators = (cause: unknown): cause is Error =>
  [EnvError, SchemaBehind, OtherNetwork, NoDevnet].some((kind) => cause instanceof kind);

async function stop(): Promise<void> {
  const app = await getApp();
  await app.close();
}
