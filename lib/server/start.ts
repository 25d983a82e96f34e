import "server-only";
/** Starts the app of this process, once, however many bundles ask for it. */
import { type App, createApp } from "./container";
import { doubts, readEnv } from "./env";
import { createLog } from "./log";
import { Metrics } from "./metrics";
import { openNetwork } from "./network";
import { openShared, openStores } from "./open";
import { secretsOf } from "./secrets";
import { openTracing } from "./tracing";

// Each bundle (handlers, pages, instrumentation) has its own copy of a module's state (platform.md): one app needs one global.
const instance = globalThis as typeof globalThis & { __trustmesh?: Promise<App> };

/** The app; started by the first who asks. A failed start is not remembered, so that the next request tries again. */
export function getApp(): Promise<App> {
  instance.__trustmesh ??= start().catch((cause) => {
    delete instance.__trustmesh;
    throw cause;
  });
  return instance.__trustmesh;
}

async function start(): Promise<App> {
  const startMs = Date.now();
  const env = readEnv(process.env);
  const isPretty = process.env.NODE_ENV !== "production" || env.isDevnet;
  const log = createLog((line) => console.log(line), isPretty, { secrets: secretsOf(env) });
  for (const doubt of doubts(process.env)) log.warn(doubt);
  const metrics = new Metrics();
  const [network, stores, tracing] = await Promise.all([
    openNetwork(env, log),
    openStores(env, log, metrics),
    openTracing(env),
  ]);
  const app = createApp({ env, shared: openShared(env, log, metrics), stores, network, log, metrics, tracing });
  await Promise.all([app.openTopics(), app.signOuts.load()]);
  // What goes wrong during the first sync is to be seen. Functions are frozen between requests: they look when they are asked.
  if (!env.isVercel) app.health.start();
  await firstSync(app);
  log.info(`Ready after ${((Date.now() - startMs) / 1_000).toFixed(1)} s: open http://${env.HOST}:${env.PORT}`);
  return app;
}

/** The first sync says how it goes; reads are served meanwhile by whoever does not wait for it. */
async function firstSync(app: App): Promise<void> {
  app.log.info(`Syncing ${app.scheduler.topics.length} topics …`);
  const reports = await app.scheduler.syncNow();
  const added = reports.reduce((sum, report) => sum + report.added, 0);
  const failing = reports.find((report) => report.error !== null);
  app.log.info(`Synced ${added.toLocaleString("en")} new messages of ${reports.length} topics.`);
  if (failing) app.log.warn(`Topic ${failing.topicId} is not complete yet: ${failing.error}.`);
}
