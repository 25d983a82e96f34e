/**
 * `/devnet/…` on the REST server, for tests and people that have only its address. Loopback only, JSON only (so that no
 * web page can reach it without a preflight, which is never granted).
 *
 *   GET    /devnet                 what the ready message says
 *   GET    /devnet/faults          `{faults:[{id, spec, hits}]}`
 *   PUT    /devnet/faults          a fault or a list: replaces all · POST adds · DELETE removes all
 *   DELETE /devnet/faults/{id}     removes one
 *   GET    /devnet/requests        `{total, byRoute, byTopic, byStatus}` · DELETE sets them to zero
 *   POST   /devnet/submit          `{topicId, message | base64, payer?}` → `{messages:[{sequence, consensusTimestamp}]}`
 *   POST   /devnet/topics          `{memo?}` → `{topicId}`
 *   POST   /devnet/replay          `{messages:[…]}`, or the path of a file as `{file}` → `{topicIds}`
 *   POST   /devnet/trickle         makes one plausible new message now
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import { type AccountId, parseAccountId, parseTopicId, type TopicId } from "@/lib/core/ledger/ids";
import type { Faults } from "../faults/faults";
import { type FaultSpec, parseFaults } from "../faults/spec";
import type { DevnetMessage } from "../ledger/types";
import type { RequestCounter } from "./request-counter";

/** The parts of a devnet that the control routes may use. */
export interface Controlled {
  describe(): unknown;
  readonly faults: Faults;
  readonly requests: RequestCounter;
  submit(topicId: TopicId, message: Uint8Array, options: { payer?: AccountId }): DevnetMessage[];
  createTopic(options: { memo?: string }): TopicId;
  replay(source: unknown): TopicId[];
  trickle(): unknown;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

class BadRequest extends Error {}

/** The handler of `/devnet/…`: true if it took the request. */
export function controlRoutes(devnet: Controlled): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const path = (request.url ?? "").split("?")[0]?.replace(/\/$/, "") ?? "";
    if (!/^\/devnet(\/|$)/.test(path) || !isLocal(request)) return false;
    void readJson(request)
      .then((body) => handle(devnet, request.method ?? "GET", path.slice("/devnet".length), body))
      .then(
        (value) => send(response, value === undefined ? 404 : 200, value ?? { error: "no such control route" }),
        (error: unknown) =>
          send(response, error instanceof BadRequest ? 400 : 500, {
            error: error instanceof Error ? error.message : String(error),
          }),
      );
    return true;
  };
}

function handle(devnet: Controlled, method: string, path: string, body: unknown): unknown {
  const faults = () => ({ faults: devnet.faults.list() });
  switch (`${method} ${path}`) {
    case "GET ":
      return devnet.describe();
    case "GET /faults":
      return faults();
    case "PUT /faults":
      devnet.faults.set(specsOf(body));
      return faults();
    case "POST /faults":
      return { ids: specsOf(body).map((spec) => devnet.faults.add(spec)), ...faults() };
    case "DELETE /faults":
      devnet.faults.set([]);
      return faults();
    case "GET /requests":
      return devnet.requests.counts();
    case "DELETE /requests":
      devnet.requests.reset();
      return devnet.requests.counts();
    case "POST /submit":
      return submit(devnet, fields(body));
    case "POST /topics": {
      const { memo } = fields(body ?? {});
      return { topicId: devnet.createTopic(typeof memo === "string" ? { memo } : {}) };
    }
    case "POST /replay": {
      const { file } = fields(body);
      return { topicIds: asked(() => devnet.replay(file ?? body)) };
    }
    case "POST /trickle":
      return devnet.trickle();
  }
  const id = /^\/faults\/(\d+)$/.exec(path)?.[1];
  return method === "DELETE" && id ? { removed: devnet.faults.remove(Number(id)), ...faults() } : undefined;
}

function submit(devnet: Controlled, body: Record<string, unknown>): unknown {
  const topicId = parseTopicId(String(body.topicId));
  if (!topicId) throw new BadRequest("topicId: not a topic id");
  const payer = body.payer === undefined ? undefined : parseAccountId(String(body.payer));
  if (payer === null) throw new BadRequest("payer: not an account id");
  const { message, base64 } = body;
  if (message === undefined && typeof base64 !== "string") throw new BadRequest("message or base64 is needed");
  const bytes =
    typeof base64 === "string"
      ? Buffer.from(base64, "base64")
      : Buffer.from(typeof message === "string" ? message : JSON.stringify(message));
  const messages = asked(() => devnet.submit(topicId, bytes, payer ? { payer } : {}));
  return {
    messages: messages.map(({ sequence, consensusNs }) => ({
      sequence,
      consensusTimestamp: formatConsensusTime(consensusNs),
    })),
  };
}

function specsOf(body: unknown): FaultSpec[] {
  const list = body && typeof body === "object" && "faults" in body ? body.faults : body;
  const parsed = parseFaults(list);
  if (!parsed.ok) throw new BadRequest(parsed.error);
  return parsed.specs;
}

/** A mistake of the caller is a 400 in the devnet's own words. */
function asked<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new BadRequest(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function fields(body: unknown): Record<string, unknown> {
  if (!body || typeof body !== "object") throw new BadRequest("a JSON object is needed");
  return body as Record<string, unknown>;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (request.method === "GET" || request.method === "DELETE") return undefined;
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    throw new BadRequest("content-type must be application/json");
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) throw new BadRequest("the body is too large");
    parts.push(part);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch (cause) {
    throw new BadRequest("the body is not JSON", { cause });
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(value));
}

/** Checks the address and the name: a page whose host name was pointed at this machine still sends that name. */
function isLocal({ socket, headers }: IncomingMessage): boolean {
  const address = socket.remoteAddress ?? "";
  const isLoopback = address === "::1" || /^(::ffff:)?127\./.test(address);
  return isLoopback && /^(127\.[\d.]+|localhost|\[::1\])(:\d+)?$/.test(headers.host ?? "");
}
