import "server-only";
/** The app's life inside a server process: how it starts, and how it ends without losing a request. */
import type { Clock } from "../../ports/clock";
import { endProcess, watchWork } from "../../system/end-process";
import { watchSockets } from "../access/client-address";
import type { Front } from "../front/front";
import type { App } from "./app";

const shared = globalThis as typeof globalThis & { __trustmeshServer?: boolean };

/** Records that our own server (server.ts) runs in this process: it then starts and ends the app. */
export function claimProcess(): void {
  shared.__trustmeshServer = true;
  watchWork();
  outliveLogReaders();
}

/**
 * Keeps the server alive when nobody reads its log any more (`npm start | head`, a supervisor that restarts). Without a
 * listener, each line that cannot be written is an uncaught exception. The framework logs that exception, which cannot be
 * written either: an endless loop that fills a core, and no answers.
 */
function outliveLogReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/**
 * Starts the app together with the framework's server, so that the first visitor does not wait for it. Closes the app on a
 * signal, because the framework would wait for open streams for ever. For `next dev` and platforms; does nothing if our own
 * server runs.
 */
export async function startWithFramework(): Promise<void> {
  if (shared.__trustmeshServer) return;
  watchSockets();
  const { getApp } = await import("./start");
  let isEnding = false;
  const end = async () => {
    isEnding = true;
    const app = await getApp();
    app.log.info(STOPPING);
    await app.close();
  };
  // A start that fails is reported below.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void end().catch(() => undefined));
  try {
    await getApp();
  } catch (cause) {
    // The framework ends what the start still needs.
    if (!isEnding) await endWith(cause);
  }
}

/**
 * Ends the process because it cannot start. Prints one sentence for a fault that an operator can fix, and the whole error for
 * any other.
 */
export function endWith(cause: unknown): Promise<never> {
  console.error(isForOperators(cause) ? cause.message : cause);
  return endProcess(1);
}

/**
 * Errors are recognised by name. Loading their classes would load the database before the server listens, and each bundle has
 * its own copies.
 */
export const FOR_OPERATORS = [
  "CannotListen",
  "DatabaseUnusable",
  "DevnetFailed",
  "EnvError",
  "NoDatabase",
  "NoDevnet",
  "OtherLedger",
  "OtherNetwork",
  "SchemaBehind",
];
const isForOperators = (cause: unknown): cause is Error => cause instanceof Error && FOR_OPERATORS.includes(cause.name);

const STOPPING = "Stopping: requests under way are answered first.";

interface Closes {
  close(): void;
}

export interface Opened {
  readonly app: Pick<App, "close" | "log"> & {
    readonly hub: Closes;
    readonly health: Closes;
    readonly batches: Closes | null;
  };
  readonly framework: { close(): Promise<void> } | null;
}

/** Everything that ends with the process, in the state in which the signal to end finds it. */
export interface Ending {
  readonly front: Front;
  /** Null while the app and the framework are not running yet. */
  readonly opened: Opened | null;
  /** The start. It rejects if it fails. */
  readonly opening: Promise<Opened>;
  readonly clock: Clock;
}

/**
 * How long the server accepts connections after it has announced its end. A balancer that checks `ready` every second sees it
 * fail and sends no more requests. Closing the socket at once would lose a connection that is on its way. Without slow
 * requests, all of it takes 5 s at most.
 */
export const NOTICE_MS = 2_000;
/** After this long without a request, clients have moved to other instances. */
export const QUIET_MS = 500;
/**
 * A start is waited for until then: the embedded database cannot be closed while it opens, and its thread would be lost. It takes
 * 4 s with a new directory (docs/measurements.md §4).
 */
const OPENED_MS = 4_500;
/** Requests that take longer are cut. */
const DRAINED_MS = 8_000;
/** Kubernetes and Docker kill after 30 and 10 s. The end of the process itself takes up to another second. */
const ENDED_MS = 8_800;
const LOOK_MS = 20;

/**
 * Ends in order. First `ready` fails and streams send `bye`; requests are still answered, each as the last one on its
 * connection. Then the server accepts no connection, open requests finish, and the stores close. It takes 10 s at most,
 * whatever hangs.
 */
export async function endInOrder({ front, opened, opening, clock }: Ending): Promise<void> {
  const startMs = clock.monotonicMs();
  const left = (untilMs: number) => Math.max(0, startMs + untilMs - clock.monotonicMs());
  /** Resolves when the work is done, or when the time is over. A failure does not delay the end. */
  const within = (untilMs: number, work: Promise<unknown> | undefined) =>
    Promise.race([work?.catch((cause: unknown) => console.error(cause)), clock.sleep(left(untilMs))]);
  const announce = ({ app }: Opened) => {
    app.log.info(STOPPING);
    app.hub.close();
    // From here on, a part that ends is no incident.
    app.health.close();
    // Writes that wait for others go out now, so that they are answered in time.
    app.batches?.close();
  };
  front.announceEnd();
  if (opened !== null) announce(opened);
  while (left(NOTICE_MS) > 0 && clock.monotonicMs() - Math.max(startMs, front.lastRequestMs) < QUIET_MS)
    await clock.sleep(LOOK_MS);
  const closed = front.stopAccepting();
  await clock.sleep(QUIET_MS);
  front.endIdle();
  await within(DRAINED_MS, closed);
  front.server.closeAllConnections();
  // The start itself reports why it failed.
  const started = opened ?? (await Promise.race([opening.catch(() => null), clock.sleep(left(OPENED_MS))])) ?? null;
  if (started === null) return;
  if (opened === null) announce(started);
  await within(ENDED_MS, started.framework?.close());
  await within(ENDED_MS, started.app.close());
}
