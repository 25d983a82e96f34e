/**
 * Several app instances over the same services, each in its own process, as in production. A test can kill an instance and start
 * it again.
 */
import type { Agent } from "node:http";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import type { UserId } from "@/lib/core/ledger/ids";
import { Sessions } from "@/lib/server/access/session";
import { RespConnection } from "../servers/redis/resp";
import { type Answer, ask, newAgent } from "./http";
import { bundleOf } from "./processes/bundle";
import { type Child, startChild } from "./processes/child";
import type { FleetServices } from "./services";

const SECRET = "a secret of the fleet that is long enough to be one";
export const NETWORK = "custom";

interface LogLine {
  readonly instance: number;
  readonly level: string;
  readonly message: string;
  readonly text: string;
}

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface Instance {
  readonly index: number;
  /** Null while it does not run. */
  readonly port: number | null;
  /** Null while it does not run. */
  readonly pid: number | null;
  /** Sends a request as a signed-in user. Rejects if the connection breaks. */
  get(path: string, userId: string, options?: AskOptions): Promise<Answer>;
  post(path: string, userId: string, options?: AskOptions): Promise<Answer>;
  kill(): Promise<void>;
  /** Sends SIGTERM and waits for the end. Resolves to the exit code or signal (Child.end). */
  end(): Promise<string>;
  start(): Promise<void>;
}

export interface Fleet {
  readonly instances: readonly Instance[];
  /** Their database, without the proxy that counts. */
  readonly databaseUrl: string;
  /** Log lines of all instances since the fleet started, in the order in which they arrived. */
  readonly logged: readonly LogLine[];
  /** Processes that ended unasked. */
  readonly lost: readonly string[];
  /** The Cookie header that signs a user in. */
  cookieOf(userId: string): Promise<string>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly services: FleetServices;
  readonly count: number;
  /** Variables that replace or extend the fleet's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the instances reach the database through the proxy that counts (the default). False spares its hop. */
  readonly isCounted?: boolean;
  /** An existing database. If absent, the fleet gets an empty one. */
  readonly databaseUrl?: string;
  /** Path from the root of another program to run instead of the app. */
  readonly entry?: string;
}

/** Starts `count` instances on one database and an empty Redis. If one does not start, it ends them all. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { services, count, entry = "tests/support/fleet/processes/instance.ts" } = options;
  const databaseUrl = options.databaseUrl ?? (await services.postgres.createDatabase());
  const [program] = await Promise.all([bundleOf(entry), flush(services)]);
  // No user signs out in these tests.
  const signOuts = { isOver: () => false, issueMs: () => systemClock.now() };
  const sessions = new Sessions({ secrets: [SECRET], network: NETWORK, isSecure: true, clock: systemClock, signOuts });
  const cookies = new Map<string, Promise<string>>();
  const cookieOf = (userId: string) => {
    const known = cookies.get(userId) ?? sessions.issue(userId as UserId).then((cookie) => cookie.split(";")[0] ?? "");
    cookies.set(userId, known);
    return known;
  };
  const logged: LogLine[] = [];
  const lost: string[] = [];
  const instances = Array.from(
    { length: count },
    (_, index) =>
      new FleetInstance({
        index,
        cookieOf,
        launch: () =>
          startChild({
            program,
            env: environmentOf(options, databaseUrl, index),
            onLine: (text) => logged.push(lineOf(index, text)),
            onLost: (reason) => lost.push(`instance ${index} ended by itself: ${reason}`),
          }),
      }),
  );
  const stop = async () => void (await Promise.all(instances.map((instance) => instance.kill())));
  try {
    // The first one migrates and syncs the backlog. All together would race for each page of it.
    const [first, ...others] = instances;
    await first?.start();
    await Promise.all(others.map((instance) => instance.start()));
  } catch (cause) {
    await stop();
    throw cause;
  }
  return { instances, databaseUrl, logged, lost, cookieOf, stop };
}

interface InstanceOptions {
  readonly index: number;
  readonly cookieOf: Fleet["cookieOf"];
  readonly launch: () => Promise<Child>;
}

class FleetInstance implements Instance {
  private child: Child | null = null;
  private agent: Agent | null = null;
  private starting: Promise<void> = Promise.resolve();

  constructor(private readonly options: InstanceOptions) {}

  get index(): number {
    return this.options.index;
  }

  get port(): number | null {
    return this.child?.port ?? null;
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  get(path: string, userId: string, options: AskOptions = {}): Promise<Answer> {
    return this.ask("GET", path, userId, options);
  }

  post(path: string, userId: string, options: AskOptions = {}): Promise<Answer> {
    return this.ask("POST", path, userId, options);
  }

  start(): Promise<void> {
    this.starting = this.launch();
    return this.starting;
  }

  async kill(): Promise<void> {
    await this.starting.catch(() => {});
    const { child, agent } = this;
    this.child = null;
    this.agent = null;
    await child?.kill();
    agent?.destroy();
  }

  async end(): Promise<string> {
    const { child, agent } = this;
    if (child === null) throw new Error(`instance ${this.index} is not running`);
    const how = await child.end();
    this.child = null;
    this.agent = null;
    agent?.destroy();
    return how;
  }

  private async launch(): Promise<void> {
    if (this.child !== null) throw new Error(`instance ${this.index} is running`);
    this.child = await this.options.launch();
    this.agent = newAgent();
  }

  private async ask(method: "GET" | "POST", path: string, userId: string, { headers = {}, body }: AskOptions) {
    const { child, agent } = this;
    if (child === null || agent === null) throw new Error(`instance ${this.index} is not running`);
    const own = { cookie: await this.options.cookieOf(userId), ...headers };
    if (body === undefined) return ask({ port: child.port, agent, method, path, headers: own });
    const json = { "content-type": "application/json", ...own };
    return ask({ port: child.port, agent, method, path, headers: json, body: JSON.stringify(body) });
  }
}

/** The name by which the database knows an instance's connections. */
export const sessionName = (index: number): string => `instance-${index}`;

/** Environment of an instance, as an operator would set it for a private network. */
function environmentOf({ services, env = {}, isCounted = true }: FleetOptions, databaseUrl: string, index: number) {
  const { proxy, upstash, devnet } = services;
  const database = new URL(databaseUrl);
  database.searchParams.set("application_name", sessionName(index));
  if (isCounted) database.port = String(proxy.port);
  const { contact, trust, recognition, profile } = devnet.topics;
  return {
    HEDERA_NETWORK: NETWORK,
    MIRROR_URL: devnet.restUrl,
    TOPIC_CONTACT: contact,
    TOPIC_TRUST: trust,
    TOPIC_RECOGNITION: recognition,
    TOPIC_PROFILE: profile,
    TRUSTED_PAYERS: devnet.operatorId,
    DATABASE_URL: database.href,
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: upstash.token,
    SESSION_SECRET: SECRET,
    // The mirror budget protects public mirrors. The devnet needs none.
    MIRROR_RPS: "10000",
    // All requests come from one address, and many from one user.
    RATE_LIMITS: "0",
    ...(devnet.nodeAddress === ""
      ? {}
      : {
          HEDERA_NODE: devnet.nodeAddress,
          HEDERA_OPERATOR_ID: devnet.operatorId,
          HEDERA_OPERATOR_KEY: devnet.operatorKey,
        }),
    ...env,
  };
}

async function flush({ redis }: FleetServices): Promise<void> {
  const connection = await RespConnection.open(redis.port);
  await connection.send([["FLUSHALL"]]);
  connection.close();
}

/** Parses a log line. The app logs JSON, so any other line (as of a crash) counts as an error. */
function lineOf(instance: number, text: string): LogLine {
  try {
    const { level, message } = JSON.parse(text) as { level: string; message: string };
    return { instance, level, message, text };
  } catch {
    return { instance, level: "error", message: text, text };
  }
}
