import "server-only";
/** Starts the app of this process, once, however many bundles ask for it. */
import { join } from "node:path";
import { openPglite } from "../adapters/postgres/pglite";
import { openStore } from "../adapters/postgres/store";
import { type App, createApp, type Stores } from "./container";
import { type Env, readEnv } from "./env";
import { createLog } from "./log";
import { openNetwork } from "./network";

// Each bundle (handlers, pages, instrumentation) has its own copy of a module's state (platform.md): one app needs one global.
const shared = globalThis as typeof globalThis & { __trustmesh?: Promise<App> };

/** The app; started by the first who asks. A failed start is not remembered, so that the next request tries again. */
export function getApp(): Promise<App> {
  shared.__trustmesh ??= start().catch((cause) => {
    delete shared.__trustmesh;
    throw cause;
  });
  return shared.__trustmesh;
}

async function start(): Promise<App> {
  const startMs = Date.now();
  const env = readEnv(process.env);
  const log = createLog((line) => console.log(line), process.env.NODE_ENV !== "production" || env.isDevnet);
  log.info("Opening the embedded Postgres (PGlite) …");
  const [network, stores] = await Promise.all([openNetwork(env, log), openStores(env)]);
  const app = createApp({ env, stores, network, log });
  await stores.sync.ensureTopics(network.topics);
  await firstSync(app);
  log.info(`Ready after ${((Date.now() - startMs) / 1_000).toFixed(1)} s: open http://${env.HOST}:${env.PORT}`);
  return app;
}

async function openStores(env: Env): Promise<Stores> {
  return openStore(await openPglite(join(env.DATA_DIR, "postgres")), env.HEDERA_NETWORK);
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
