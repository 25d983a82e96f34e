/**
 * Neon's protocol over a real PostgreSQL, as @neondatabase/serverless 1.2 speaks it: `POST /sql` for one statement or one
 * non-interactive batch, and a WebSocket on `/v2` that carries PostgreSQL's own protocol. A client needs these settings:
 *
 *   neonConfig.fetchEndpoint = `${standIn.url}/sql`;
 *   neonConfig.wsProxy = `127.0.0.1:${standIn.port}/v2`;      // without a scheme; the driver adds `?address=host:port`
 *   neonConfig.useSecureWebSocket = false;
 *   neonConfig.pipelineConnect = false;                       // "password" (the default) also works: passwords travel in clear
 *   neonConfig.pipelineTLS = false;
 *   neonConfig.webSocketConstructor = ws;                     // Node 20 has no WebSocket
 *
 * The connection string is the database's own. The stand-in uses its user, password and database name, and ignores its host.
 */
import type { IncomingMessage } from "node:http";
import pg from "pg";
import { createWebSocketStream, WebSocketServer } from "ws";
import { verbOf } from "../servers/postgres/pg-frontend";
import { tunnel } from "../servers/postgres/pg-tunnel";
import type { StandIn, StandInOptions } from "./control";
import { type Counters, PURPOSE_HEADER } from "./counters";
import type { FaultSwitch } from "./faults";
import { type Answer, json, type Protocol, startStandIn } from "./server";

export interface NeonOptions extends StandInOptions {
  readonly postgresPort: number;
}

/** Neon's limit for requests and answers over HTTP. */
const MAX_BODY_BYTES = 64 * 1_048_576;

export function startNeon(options: NeonOptions): Promise<StandIn> {
  return startStandIn(options, (counters, faults) => neonProtocol(options.postgresPort, counters, faults));
}

interface Statement {
  readonly query: string;
  readonly params: readonly unknown[];
}

function neonProtocol(postgresPort: number, counters: Counters, faults: FaultSwitch): Protocol {
  const pools = new Map<string, pg.Pool>();
  const webSockets = new WebSocketServer({ noServer: true });

  function poolOf(connectionString: string): pg.Pool {
    const known = pools.get(connectionString);
    if (known) return known;
    const { username, password, pathname } = new URL(connectionString);
    const pool = new pg.Pool({
      host: "127.0.0.1",
      port: postgresPort,
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
      max: 20,
    });
    pool.on("error", () => {});
    pools.set(connectionString, pool);
    return pool;
  }

  async function handle(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const connectionString = request.headers["neon-connection-string"]?.toString();
    if (request.method !== "POST" || request.url !== "/sql") return error(404, "the stand-in has POST /sql and /v2");
    if (!connectionString) return error(400, "missing header Neon-Connection-String");
    counters.request();
    const asked = JSON.parse(body.toString("utf8")) as Statement | { readonly queries: readonly Statement[] };
    const statements = "queries" in asked ? asked.queries : [asked];
    for (const { query } of statements) counters.count(verbOf(query), request.headers[PURPOSE_HEADER]?.toString());
    const form: Form = {
      isRawText: request.headers["neon-raw-text-output"] === "true",
      isArray: request.headers["neon-array-mode"] === "true",
    };
    try {
      const pool = poolOf(connectionString);
      if (!("queries" in asked)) return json(200, await run(pool, asked, form));
      return json(200, { results: await batch(pool, asked.queries, beginOf(request), form) });
    } catch (failure) {
      // Neon's proxy checks passwords itself, and gives its own refusals no SQLSTATE.
      if (failure instanceof pg.DatabaseError && failure.code === "28P01")
        return json(400, { message: failure.message, code: "", severity: "" });
      // A DatabaseError comes from PostgreSQL itself. Any other error means that the database is away.
      return failure instanceof pg.DatabaseError
        ? json(400, { ...failure, message: failure.message })
        : error(500, `the database does not answer: ${(failure as Error).message}`);
    }
  }

  return {
    maxBodyBytes: MAX_BODY_BYTES,
    handle,
    error,
    upgrade(request, socket, head) {
      counters.request();
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        tunnel(createWebSocketStream(webSocket), postgresPort, counters, faults);
      });
    },
    async stop() {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

const error = (status: number, message: string): Answer => json(status, { message, code: null });

interface Form {
  readonly isRawText: boolean;
  readonly isArray: boolean;
}

/** Leaves values as text, because the client's driver parses them. */
const RAW_TEXT: pg.CustomTypesConfig = { getTypeParser: () => (text: unknown) => text };

async function run(on: pg.Pool | pg.PoolClient, { query, params }: Statement, form: Form): Promise<unknown> {
  const config = {
    text: query,
    values: [...params],
    // The extended protocol allows one statement only, even without parameters.
    queryMode: "extended",
    ...(form.isArray ? { rowMode: "array" } : {}),
    ...(form.isRawText ? { types: RAW_TEXT } : {}),
  };
  const { command, rowCount, rows, fields } = await on.query(config);
  return { command, rowCount, rows, fields, rowAsArray: form.isArray };
}

async function batch(pool: pg.Pool, statements: readonly Statement[], begin: string, form: Form) {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const results: unknown[] = [];
    for (const statement of statements) results.push(await run(client, statement, form));
    await client.query("COMMIT");
    return results;
  } catch (failure) {
    await client.query("ROLLBACK").catch((worse: Error) => {
      broken = worse;
    });
    throw failure;
  } finally {
    client.release(broken);
  }
}

const ISOLATION: Readonly<Record<string, string>> = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
};

function beginOf({ headers }: IncomingMessage): string {
  const level = ISOLATION[headers["neon-batch-isolation-level"]?.toString() ?? ""];
  const modes = [
    level === undefined ? "" : `ISOLATION LEVEL ${level}`,
    headers["neon-batch-read-only"] === "true" ? "READ ONLY" : "",
    headers["neon-batch-deferrable"] === "true" ? "DEFERRABLE" : "",
  ];
  return `BEGIN ${modes.filter(Boolean).join(" ")}`.trim();
}
