/** An app behind node:http on a free port of this machine: the routes of the table, without Next and its CPU. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { App } from "@/lib/server/boot/app";
import { type AnyRoute, answer } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";

export interface AppServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Routes without path parameters; others are 404. */
export async function serveApp(app: App): Promise<AppServer> {
  const server = createServer((request, response) => {
    serve(app, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(app: App, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = "GET", headers } = incoming;
  const url = new URL(incoming.url ?? "/", `http://${headers.host}`);
  const route: AnyRoute | undefined = ROUTES[`${method} ${url.pathname}` as RouteName];
  if (!route) return void outgoing.writeHead(404).end();
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const request = new Request(url, {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]),
    signal: gone.signal,
    ...(method === "GET" ? {} : { body: await bodyOf(incoming) }),
  });
  const background = (work: () => Promise<unknown>) => void work().catch(() => {});
  const response = await answer(app, route, { request, params: {}, background });
  outgoing.writeHead(response.status, [...response.headers].flat());
  if (response.body === null) return void outgoing.end();
  // Typed apart by Node and the DOM; the same class.
  Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
    .on("error", () => outgoing.destroy())
    .pipe(outgoing);
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
