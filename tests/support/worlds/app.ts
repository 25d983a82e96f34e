/** A whole app over an in-process devnet and the servers of the chosen set-up. Requests go through the server's route table. */

import { MemoryWriteGuard } from "@/lib/adapters/memory/memory-write-guard";
import type { UserId } from "@/lib/core/ledger/ids";
import { type Devnet, type DevnetOptions, startDevnet } from "@/lib/devnet/devnet";
import type { Doorbell } from "@/lib/ports/doorbell";
import type { Submitter } from "@/lib/ports/ledger/submitter";
import type { TopicCreator } from "@/lib/ports/ledger/topic-creator";
import type { WriteGuard } from "@/lib/ports/shared/write-guard";
import type { App, SharedTier, Stores } from "@/lib/server/boot/app";
import { judgeRequest } from "@/lib/server/front/admission/gate";
import { problemAnswer } from "@/lib/server/http/answers/problem";
import { webResponse } from "@/lib/server/http/answers/web-response";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES } from "@/lib/server/routes/table";
import { expectSame, OwnServer } from "../contract/both-entries";
import { answer } from "../contract/checked";
import { DrivenClock } from "../control/driven-clock";
import type { LyingMirrors } from "../mirrors/lying-mirrors";
import { openTestShared } from "../servers/set-up";
import { emptyStores } from "../stores/database";
import { createTestApp } from "./create-test-app";

export interface TestApp {
  readonly app: App;
  /** The app's write guard, to break its calls. */
  readonly guard: WriteGuard;
  readonly devnet: Devnet;
  readonly clock: DrivenClock;
  /** Log lines, each with its level in front. */
  readonly logged: string[];
  /** Sends a request as a user, or without a session if null. Resolves when the work after the answer is done, too. */
  ask(method: "GET" | "POST", path: string, userId: string | null, options?: AskOptions): Promise<Response>;
  json<T = Record<string, unknown>>(path: string, userId: string): Promise<T>;
  /** Syncs all topics once. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Skips the work that the server does after the answer. */
  readonly withoutBackground?: boolean;
  /** Another app for this request. */
  readonly app?: App;
}

export interface TestAppOptions {
  readonly devnet?: DevnetOptions;
  readonly env?: Readonly<Record<string, string>>;
  /** Wraps the stores, to count or to break calls. */
  readonly wrapStores?: (stores: Stores) => Stores;
  readonly submitter?: (devnet: Devnet) => Submitter | null;
  readonly creator?: (devnet: Devnet) => TopicCreator;
  /** The reason why the devnet has ended, or null while it runs. */
  readonly devnetEnded?: () => string | null;
  /** Redis, instead of the set-up's own. The app closes it. */
  readonly shared?: SharedTier;
  /** Urls of further mirrors. The devnet's own comes first. */
  readonly moreMirrors?: readonly string[];
  /** Answer in place of the mirrors at these urls. */
  readonly mirrors?: LyingMirrors;
  /** Tells when a topic moves. Without it topics are polled. */
  readonly doorbell?: (devnet: Devnet) => Doorbell;
  /** Our own server is asked for the same as the route handler, unless that wrote something, and must answer the same. */
  readonly bothEntries?: boolean;
}

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const clock = new DrivenClock();
  const logged: string[] = [];
  const line = (level: string) => (message: string) => void logged.push(`${level}: ${message}`);
  const [devnet, opened] = await Promise.all([
    startDevnet({ grpc: false, now: () => clock.trueMs(), ...options.devnet }),
    emptyStores("devnet", { isStrict: options.env?.STRICT_BONDING === "on" }),
  ]);
  const log = { info: line("info"), warn: line("warn"), error: line("error") };
  const shared = options.shared ?? (await openTestShared(clock, log));
  const stores = options.wrapStores?.(opened) ?? opened;
  const guard = shared?.guard ?? new MemoryWriteGuard(clock);
  const app = createTestApp({
    ...{ devnet, shared, guard },
    stores,
    ...(options.env ? { env: options.env } : {}),
    network: {
      mirrorUrls: [devnet.restUrl, ...(options.moreMirrors ?? [])],
      ...(options.submitter ? { submitter: options.submitter(devnet) } : {}),
      creator: options.creator?.(devnet) ?? null,
      people: devnet.people,
      ended: options.devnetEnded ?? (() => null),
      close: () => devnet.stop(),
    },
    doorbell: options.doorbell?.(devnet) ?? null,
    log,
    clock,
    random: () => 0.5,
    ...(options.mirrors ? { sendToMirror: options.mirrors.send } : {}),
  });
  await app.openTopics();
  const own = options.bothEntries ? await OwnServer.open(app) : null;

  const ask: TestApp["ask"] = async (method, path, userId, options = {}) => {
    const { body, headers = {}, signal, withoutBackground, app: asked = app } = options;
    const url = new URL(path, "http://app.test");
    const header = (name: string) => headers[name] ?? null;
    const verdict = judgeRequest({
      method,
      target: url.pathname + url.search,
      header,
      headerCount: Object.keys(headers).length,
      hasUi: false,
    });
    if (verdict.kind === "refuse" && verdict.problem.code !== "not-found")
      return webResponse(problemAnswer(verdict.problem));
    if (verdict.kind === "refuse" || verdict.route === null) throw new Error(`there is no route ${method} ${path}`);
    const { route: name, params } = verdict;
    const cookie =
      userId === null ? {} : { cookie: (await app.sessions.issue(userId as UserId)).split(";")[0] as string };
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
    const sent = { host: "app.test", ...cookie, ...json, ...headers } as Record<string, string>;
    const request = new Request(url, {
      ...{ method, headers: new Headers(sent) },
      ...(text === null ? {} : { body: text }),
      ...(signal ? { signal } : {}),
    });
    const later: (() => Promise<unknown>)[] = [];
    const route: AnyRoute = ROUTES[name];
    const response = await clock.drive(
      answer(asked, route, { request, params, background: (work) => void later.push(work) }),
    );
    if (own !== null && (method === "GET" || response.status >= 400)) {
      const sentAs = { method, target: url.pathname + url.search, headers: sent, body: text };
      await expectSame(name, sentAs, response, await clock.drive(own.ask(asked, sentAs)));
    }
    if (!withoutBackground) for (const work of later) await clock.drive(work());
    return response;
  };
  return {
    ...{ app, guard, devnet, clock, logged, ask },
    json: async <T>(path: string, userId: string) => (await (await ask("GET", path, userId)).json()) as T,
    sync: async () => void (await clock.drive(app.scheduler.syncNow())),
    close: async () => {
      await own?.close();
      await app.close();
    },
  };
}
