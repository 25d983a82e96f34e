/** The two entries of a server: the framework's route handlers, and our own server in front. Both give every caller the same answer. */
import { type IncomingHttpHeaders, request as send } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { App } from "@/lib/server/boot/app";
import { routesOf } from "@/lib/server/front/direct";
import { entrance } from "@/lib/server/front/entrance";
import { Front, type Serve } from "@/lib/server/front/front";
import type { RouteName } from "@/lib/server/routes/table";

export interface Sent {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface Got {
  readonly status: number;
  /** By lower-case name, without what belongs to the connection. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** They belong to the connection, to the moment, or to the one request. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "date", "transfer-encoding", "content-length", "content-encoding"],
  ...["x-request-id", "server-timing", "cache-status", "trustmesh-as-of", "trustmesh-lag-ms"],
]);

/** Answers that tell of requests before them, or hold chance. Only their status and the names of their headers are compared. */
const CHANGING: ReadonlySet<RouteName> = new Set([
  ...(["GET /api/metrics", "GET /api/admin/status", "GET /api/cron/sync"] as const),
  ...(["GET /api/health/ready", "GET /api/health/ingestion", "GET /api/health/hcs"] as const),
  // The first answer to a session holds everything, later ones what is new.
  "GET /api/me/api/v1/topics/{topicId}/messages",
]);

/** Members that tell of the moment or the request. */
const OWN_MEMBERS =
  /"(timestamp|asOf|lagMs|instance|uptimeSeconds|asOfMs|durationMs|expiresAt|issuedAt)":("[^"]*"|-?\d+|null)/g;

const noPage: Serve = (_, response) => void response.writeHead(404).end();

/** Our own server in front of an app, on a port of this machine. */
export class OwnServer {
  private readonly serves = new WeakMap<App, Serve>();
  private asked = 0;

  private constructor(
    private readonly front: Front,
    readonly port: number,
  ) {}

  static async open(app: App): Promise<OwnServer> {
    const front = new Front(noPage, app.clock);
    return new OwnServer(front, await front.listen(0, "127.0.0.1"));
  }

  /** The answer of `app`. Its body is decompressed; of a stream, nothing is read. */
  async ask(app: App, { method, target, headers, body }: Sent): Promise<Got> {
    const serve = this.serves.get(app) ?? entrance({ app, routes: routesOf(app), next: noPage, isEnding: () => false });
    this.serves.set(app, serve);
    this.front.serve = serve;
    // The encodings in turn.
    this.asked += 1;
    const accept = ["br", "gzip", "identity"][this.asked % 3] as string;
    const length = body === null ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = { "accept-encoding": accept, ...headers, ...length };
    return ask(this.port, method, target, sent, body);
  }

  async close(): Promise<void> {
    this.front.server.closeAllConnections();
    await this.front.stopAccepting();
  }
}

function ask(port: number, method: string, path: string, headers: object, body: string | null): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = send({ host: "127.0.0.1", port, method, path, headers: { ...headers }, agent: false }, (response) => {
      const { statusCode: status = 0, headers: got } = response;
      const answered = (bytes: Buffer) =>
        resolve({ status, headers: compared(got), text: decoded(bytes, got["content-encoding"]).toString("utf8") });
      if (got["content-type"]?.startsWith("text/event-stream")) {
        sent.destroy();
        return answered(Buffer.alloc(0));
      }
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => void chunks.push(chunk)).on("error", reject);
      response.on("end", () => answered(Buffer.concat(chunks)));
    });
    sent.on("error", reject);
    sent.end(body ?? undefined);
  });
}

function decoded(bytes: Buffer, encoding: string | undefined): Buffer {
  if (bytes.length === 0 || encoding === undefined) return bytes;
  return encoding === "br" ? brotliDecompressSync(bytes) : gunzipSync(bytes);
}

/** The framework compresses, and names that in `Vary`, behind its route handlers. */
const compared = ({ vary, ...headers }: IncomingHttpHeaders): Record<string, string> => {
  const varies = vary?.split(", ").filter((name) => name !== "Accept-Encoding") ?? [];
  return Object.fromEntries([
    ...Object.entries(headers)
      .filter(([name]) => !OWN_HEADERS.has(name))
      .map(([name, value]) => [name, String(value)]),
    ...(varies.length > 0 ? [["vary", varies.join(", ")]] : []),
  ]);
};

/** Throws if our own server answers otherwise than the route handler. */
export async function expectSame(route: RouteName | null, sent: Sent, handler: Response, own: Got): Promise<void> {
  const isStream = handler.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const text = isStream ? "" : await handler.clone().text();
  const isChanging = route !== null && CHANGING.has(route);
  const seen = (status: number, headers: Readonly<Record<string, string>>, body: string) =>
    JSON.stringify(
      [status, isChanging ? Object.keys(headers).sort() : stable(headers), isChanging ? null : body],
      null,
      1,
    );
  const { "content-length": _, ...headers } = compared(Object.fromEntries(handler.headers));
  // HEAD gets no body; the framework cuts it off behind its handler.
  const expected = seen(handler.status, headers, sent.method === "HEAD" ? "" : masked(text));
  const got = seen(own.status, own.headers, masked(own.text));
  if (got !== expected)
    throw new Error(
      `${sent.method} ${sent.target}: our own server answers otherwise than the route handler\n${got}\ninstead of\n${expected}`,
    );
}

/** A new session differs from every other. */
const stable = ({ "set-cookie": cookie, ...headers }: Readonly<Record<string, string>>) =>
  Object.entries({
    ...headers,
    ...(cookie === undefined ? {} : { "set-cookie": cookie.replace(/=[^;]*/, "=") }),
  }).sort();

const masked = (text: string) => text.replaceAll(OWN_MEMBERS, '"$1":0');
