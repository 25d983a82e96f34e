import "server-only";
/** The app's life inside a server process. */
import { watchSockets } from "./client-address";
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
    await getApp();
  } catch (cause) {
    // A configuration that cannot work ends the process with all that is wrong with it; anything else may heal.
    console.error(cause instanceof EnvError ? cause.message : cause);
    process.exit(1);
  }
}

async function stop(): Promise<void> {
  const app = await getApp();
  await app.close();
}
