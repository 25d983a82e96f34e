/**
 * Upstash's REST protocol over a real redis-server, as @upstash/redis 1.39 speaks it.
 *
 *   POST /                       one command `["SET","k","v"]`  → `{"result":…}`, or HTTP 400 `{"error":…}`
 *   POST /pipeline               `[["GET","a"],["GET","b"]]`    → HTTP 200 `[{"result":…},{"error":…}]`
 *   POST /multi-exec             the same in MULTI … EXEC; a discarded transaction is HTTP 400 `{"error":…}`
 *   POST /subscribe/<channel>…   an event stream: `data: subscribe,<channel>,<count>`, `data: message,<channel>,<payload>`
 *   POST /psubscribe/<pattern>…  likewise: `data: pmessage,<pattern>,<channel>,<payload>`
 *
 * With `Upstash-Encoding: base64` it encodes every string of a result except the status OK. It never encodes event streams.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Command, RedisError, RedisStatus, type Reply, RespConnection } from "../servers/redis/resp";
import type { StandIn, StandInOptions } from "./control";
import { type Counters, PURPOSE_HEADER } from "./counters";
import { type Answer, json, type Protocol, startStandIn } from "./server";

export interface UpstashOptions extends StandInOptions {
  readonly redisPort: number;
  readonly token?: string;
  /** By default 10 MB, the limit of a paid plan. */
  readonly maxRequestBytes?: number;
  /** As a proxy in front of another Redis, it does not know that a script may lock its keys only. */
  readonly isPlain?: boolean;
  /** Refuses keys that such a script was not given. It costs Redis time, so benches do without. */
  readonly checksKeys?: boolean;
  /** Refuses the clock in such a script, too. */
  readonly refusesTime?: boolean;
  /** Finds the purpose of a command without the header `X-Purpose`. */
  readonly purposeOf?: (command: Command) => string | undefined;
}

export interface UpstashStandIn extends StandIn {
  readonly token: string;
}

/** Commands that would change or block the one connection that all requests share. Upstash's REST API refuses them, too. */
const UNAVAILABLE = new Set(
  "AUTH BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT DISCARD EXEC HELLO MONITOR MULTI PSUBSCRIBE QUIT RESET SELECT SHUTDOWN SSUBSCRIBE SUBSCRIBE SYNC PSYNC UNWATCH WAIT WATCH".split(
    " ",
  ),
);

export async function startUpstash(options: UpstashOptions): Promise<UpstashStandIn> {
  const token = options.token ?? "local-token";
  const standIn = await startStandIn(options, (counters) => upstashProtocol(options, token, counters));
  return { ...standIn, token };
}

function upstashProtocol(options: UpstashOptions, token: string, counters: Counters): Protocol {
  const subscriptions = new Set<RespConnection>();
  let shared: Promise<RespConnection> | null = null;

  /** The connection that all ordinary commands share. After a failure the next command opens another one. */
  function connection(): Promise<RespConnection> {
    shared ??= RespConnection.open(options.redisPort).then(
      (redis) => {
        redis.socket.once("close", forget);
        return redis;
      },
      (failure) => {
        forget();
        throw failure;
      },
    );
    return shared;
  }

  function forget(): void {
    shared = null;
  }

  function count(commands: readonly Command[], purpose: string | undefined): void {
    for (const command of commands) counters.count(String(command[0]), purpose ?? options.purposeOf?.(command));
  }

  async function run(sent: readonly Command[], purpose: string | undefined): Promise<Reply[]> {
    if (options.isPlain) {
      count(sent, purpose);
      return (await connection()).send(sent);
    }
    count(sent.map(withoutPromise), purpose);
    return (await connection()).send(
      sent.map((command) =>
        options.checksKeys ? checkingPromise(command, options.refusesTime ?? false) : withoutPromise(command),
      ),
    );
  }

  async function transaction(commands: readonly Command[], purpose: string | undefined): Promise<Reply> {
    count(commands, purpose);
    const replies = await (await connection()).send([["MULTI"], ...commands, ["EXEC"]]);
    return replies.at(-1) ?? null;
  }

  async function stream(kind: string, channels: string[], purpose: string | undefined, response: ServerResponse) {
    counters.count(kind, purpose);
    const redis = await RespConnection.open(options.redisPort);
    subscriptions.add(redis);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.once("close", () => redis.close());
    redis.socket.once("close", () => {
      subscriptions.delete(redis);
      response.destroy();
    });
    redis.subscribe([kind, ...channels], (reply) => response.write(eventOf(reply)));
  }

  async function handle(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<Answer | null> {
    if (request.method !== "POST") return error(405, "ERR method not allowed");
    if (request.headers.authorization !== `Bearer ${token}`)
      return error(401, "WRONGPASS invalid or missing auth token");
    counters.request();
    const purpose = request.headers[PURPOSE_HEADER]?.toString();
    const encode = request.headers["upstash-encoding"] === "base64" ? base64 : utf8;
    const path = new URL(request.url ?? "/", "http://local").pathname;
    const [, kind = "", ...channels] = path.split("/").map(decodeURIComponent);
    try {
      if (path === "/") return single((await run([commandOf(parse(body))], purpose))[0] ?? null, encode);
      if (path === "/pipeline") return json(200, (await run(commandsOf(parse(body)), purpose)).map(itemOf(encode)));
      if (path === "/multi-exec") {
        const reply = await transaction(commandsOf(parse(body)), purpose);
        return Array.isArray(reply) ? json(200, reply.map(itemOf(encode))) : single(reply, encode);
      }
      if ((kind === "subscribe" || kind === "psubscribe") && channels.length > 0) {
        await stream(kind, channels, purpose, response);
        return null;
      }
      return error(400, `ERR the stand-in has no ${path}: it takes commands in the body`);
    } catch (failure) {
      if (failure instanceof BadRequest) return error(400, failure.message);
      return error(500, `ERR the database does not answer: ${(failure as Error).message}`);
    }
  }

  return {
    maxBodyBytes: options.maxRequestBytes ?? 10_485_760,
    handle,
    error,
    async stop() {
      for (const redis of subscriptions) redis.close();
      (await shared?.catch(() => null))?.close();
    },
  };
}

class BadRequest extends Error {}

/** The first line of a script that locks only the keys that it is given. */
const PROMISE = "#!lua flags=allow-key-locking\n";
/** Refuses what such a script may not touch, before it does. */
const CHECKED = `
local isGiven = {}
for _, key in ipairs(KEYS) do isGiven[key] = true end
local function checked(name, ...)
  local touched = (name == 'DEL' or name == 'EXISTS') and {...} or {(...)}
  if name == 'TIME' then
    if REFUSES_TIME then error("This Redis command 'TIME' is not allowed from script") end
    touched = {}
  end
  for _, key in ipairs(touched) do
    if not isGiven[key] then error('Dynamic keys are not allowed: ' .. name) end
  end
  return redis.call(name, ...)
end
`;

const promises = ([name, script]: Command) =>
  String(name).toUpperCase() === "EVAL" && String(script).startsWith(PROMISE);
const rewritten = (command: Command, rewrite: (script: string) => string): Command =>
  promises(command)
    ? command.map((argument, i) => (i === 1 ? rewrite(String(argument).slice(PROMISE.length)) : argument))
    : command;
const withoutPromise = (command: Command) => rewritten(command, (script) => script);
/** Redis does not know the promise, so the stand-in keeps it. */
const checkingPromise = (command: Command, refusesTime: boolean) =>
  rewritten(
    command,
    (script) => CHECKED.replace("REFUSES_TIME", String(refusesTime)) + script.replaceAll("redis.call(", "checked("),
  );

const error = (status: number, message: string): Answer => json(status, { error: message });

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new BadRequest("ERR failed to parse command");
  }
}

function commandsOf(value: unknown): Command[] {
  if (!Array.isArray(value) || value.length === 0) throw new BadRequest("ERR failed to parse pipeline request");
  return value.map(commandOf);
}

function commandOf(value: unknown): Command {
  if (!Array.isArray(value) || value.length === 0) throw new BadRequest("ERR empty command");
  const command = value.map((argument: unknown) => {
    if (!["string", "number", "boolean"].includes(typeof argument))
      throw new BadRequest("ERR invalid command argument");
    return String(argument);
  });
  const name = (command[0] ?? "").toUpperCase();
  if (UNAVAILABLE.has(name)) throw new BadRequest(`ERR Command is not available: '${name}'`);
  return command;
}

type Encode = (bytes: Buffer) => string;
const base64: Encode = (bytes) => bytes.toString("base64");
const utf8: Encode = (bytes) => bytes.toString("utf8");

function single(reply: Reply, encode: Encode): Answer {
  return reply instanceof RedisError ? error(400, reply.message) : json(200, { result: resultOf(reply, encode) });
}

const itemOf = (encode: Encode) => (reply: Reply) =>
  reply instanceof RedisError ? { error: reply.message } : { result: resultOf(reply, encode) };

function resultOf(reply: Reply, encode: Encode): unknown {
  if (reply instanceof RedisStatus) return reply.text === "OK" ? "OK" : encode(Buffer.from(reply.text));
  if (Buffer.isBuffer(reply)) return encode(reply);
  // Inside an array (as a script may return it) JSON has no form for an error.
  if (reply instanceof RedisError) return encode(Buffer.from(reply.message));
  if (Array.isArray(reply)) return reply.map((item: Reply) => nested(item, encode));
  return reply;
}

/** Inside an array the client decodes even "OK", so it is encoded there. */
const nested = (reply: Reply, encode: Encode): unknown =>
  reply instanceof RedisStatus ? encode(Buffer.from(reply.text)) : resultOf(reply, encode);

/** Writes an event. A line break in a payload starts another `data:` line, and the SDK then loses that message. */
function eventOf(reply: Reply): string {
  const fields = Array.isArray(reply) ? reply.map((item: Reply) => String(item)) : [String(reply)];
  return `data: ${fields.join(",").replaceAll("\n", "\ndata: ")}\n\n`;
}
