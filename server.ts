/**
 * The server of `npm start` and of the image: our HTTP front, the app and Next in one process. It listens before it loads the
 * rest, so that a supervisor soon sees it alive. scripts/build/bundle-server.ts bundles it. It runs from the folder of the
 * build.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { loadEnvConfig } from "@next/env";
import { systemClock } from "./lib/adapters/memory/system-clock";
import type { App } from "./lib/server/boot/app";
import { claimProcess, endInOrder, endWith } from "./lib/server/boot/lifecycle";
import { loadingNow, whileLoading } from "./lib/server/boot/loading";
import { readEnv } from "./lib/server/config/env";
import { starting } from "./lib/server/front/answers/starting";
import { Front, type Serve } from "./lib/server/front/front";
import { endProcess } from "./lib/system/end-process";
import { letHeapGrow } from "./lib/system/heap-growth";
import { command } from "./scripts/command";

interface Framework {
  readonly serve: Serve;
  close(): Promise<void>;
}

/** The configuration of the build. Reading next.config.mjs again would need that file here, and would take a second. */
function builtConfig(dir: string): string {
  const { config } = JSON.parse(readFileSync(join(dir, ".next", "required-server-files.json"), "utf8"));
  return JSON.stringify(config);
}

async function openFramework(dir: string, hostname: string, port: number): Promise<Framework> {
  process.env.__NEXT_PRIVATE_STANDALONE_CONFIG = builtConfig(dir);
  const { default: next } = await import("next");
  // No connection is upgraded to another protocol, so Next gets a server that nobody can reach.
  const framework = next({ dev: false, dir, hostname, port, httpServer: createServer() });
  await framework.prepare();
  return { serve: framework.getRequestHandler(), close: () => framework.close() };
}

async function openApp(): Promise<App> {
  const { getApp } = await import("./lib/server/boot/start");
  return getApp();
}

async function main(): Promise<void> {
  letHeapGrow();
  claimProcess();
  const dir = process.cwd();
  loadEnvConfig(dir, false, { info: () => undefined, error: console.error });
  const { HOST, PORT, UI_ORIGIN } = readEnv(process.env);
  const front = new Front(starting(loadingNow, UI_ORIGIN !== null), systemClock);
  let opened: { readonly app: App; readonly framework: Framework } | null = null;
  let isEnding = false;
  const port = front.listen(PORT, HOST);
  const opening = port.then(async (number) => {
    process.env.PORT = String(number);
    const [app, framework] = await Promise.all([
      openApp(),
      whileLoading("the pages", openFramework(dir, HOST, number)),
    ]);
    return { app, framework };
  });
  const end = () => {
    // A second signal ends the process at once.
    if (isEnding) return void endProcess(1);
    isEnding = true;
    void endInOrder({ front, opened, opening, clock: systemClock }).then(() => endProcess(0));
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, end);
  try {
    opened = await opening;
  } catch (cause) {
    // The end takes away what the start still needs, such as the database's thread.
    if (isEnding) return;
    throw cause;
  }
  // The end closes what the start has opened.
  if (isEnding) return;
  const { app, framework } = opened;
  const [{ entrance }, { failureReport, routesOf }, { buildFiles }] = await Promise.all([
    import("./lib/server/front/entrance"),
    import("./lib/server/front/direct"),
    import("./lib/server/front/answers/build-files"),
  ]);
  const next = buildFiles(join(dir, ".next"), framework.serve);
  front.report = failureReport(app);
  front.serve = entrance({ app, routes: routesOf(app), next, isEnding: () => front.isEnding });
}

const USAGE = `npm start
  Starts the server that npm run build has made. It listens at HOST and PORT, from the shell or from .env, and ends on SIGTERM.
  It has no options. Settings come from the environment; npm run doctor checks them.`;

void command({ usage: USAGE }, () => main().catch(endWith));
