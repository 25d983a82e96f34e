import "server-only";
/** Starts the app of this process once, however many bundles ask for it. */
import { refuseTaken } from "../../adapters/postgres/drivers/embedded/directory";
import { raiseAttemptTimeout } from "../../system/attempt-timeout";
import { secretsOf } from "../access/secrets";
import { dataDirProblem } from "../config/data-dir";
import { doubtfulSettings, EnvError, readEnv } from "../config/env";
import { openNetwork } from "../config/network";
import { createLog } from "../observe/log";
import { Metrics } from "../observe/metrics";
import { openTracing } from "../observe/tracing";
import type { App } from "./app";
import { createApp } from "./container";
import { whileLoading } from "./loading";
import { awaitStores, databaseFolder, openDoorbell, openShared } from "./open";

// Each bundle (server, handlers, pages, instrumentation) has its own copy of a module's state, so the one app lives in a
// global.
const instance = globalThis as typeof globalThis & { __trustmesh?: Promise<App> };

/** Resolves with the app. The first caller starts it. A failed start is not kept, so the next request tries again. */
export function getApp(): Promise<App> {
  instance.__trustmesh ??= start().catch((cause) => {
    delete instance.__trustmesh;
    throw cause;
  });
  return instance.__trustmesh;
}

/** Resolves when reads can be served. The first sync goes on after that, because a long ledger takes minutes. */
async function start(): Promise<App> {
  const startMs = Date.now();
  raiseAttemptTimeout();
  const env = readEnv(process.env);
  const unwritable = dataDirProblem(env);
  if (unwritable !== null) throw new EnvError(unwritable);
  // Asked before anything is started or announced: the devnet starts beside the database, not after it.
  if (env.DATABASE_URL === undefined) refuseTaken(databaseFolder(env));
  const isPretty = process.env.NODE_ENV !== "production" || env.isDevnet;
  const log = createLog((line) => console.log(line), isPretty, { secrets: secretsOf(env) });
  for (const doubt of doubtfulSettings(process.env)) log.warn(doubt);
  const metrics = new Metrics();
  const [network, stores, tracing] = await Promise.all([
    whileLoading("the ledger", openNetwork(env, log, { isInThread: !env.isVercel })),
    whileLoading("the database", awaitStores(env, log, metrics)),
    openTracing(env),
  ]);
  if (network.ledgerId !== undefined) {
    const close = async () => void (await Promise.all([network.close(), stores.close()]));
    await stores.claimLedger(network.ledgerId).catch((cause) => close().then(() => Promise.reject(cause)));
  }
  const [shared, doorbell] = await Promise.all([openShared(env, log, metrics), openDoorbell(env, network)]);
  const app = createApp({ env, shared, doorbell, stores, network, log, metrics, tracing });
  await whileLoading("the list of topics", Promise.all([app.openTopics(), app.signOuts.load()]));
  // This shows incidents of the first sync. Functions are frozen between requests, so they judge their health only when asked.
  if (!env.isVercel) app.health.start();
  const tookS = () => ((Date.now() - startMs) / 1_000).toFixed(1);
  log.info(`Serving after ${tookS()} s: open http://${env.HOST}:${env.PORT}`);
  void app.firstSync.run().then((isComplete) => {
    if (isComplete) log.info(`Ready after ${tookS()} s.`);
  });
  return app;
}
