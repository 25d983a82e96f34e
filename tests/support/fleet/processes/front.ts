/** Our server with the route table and without Next. Test instances use it because it needs a thirtieth of Next's CPU time. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "@/lib/server/boot/app";
import { entrance, rememberedOf } from "@/lib/server/front/entrance";
import { Front } from "@/lib/server/front/front";
import { type AnyRoute, answer } from "@/lib/server/http/route";
import { ROUTES } from "@/lib/server/routes/table";
import { matchRoute } from "../../match-route";

/** Opens the server as server.ts does. */
export function openFront(app: App): Front {
  const next = (request: IncomingMessage, response: ServerResponse) => serve(app, request, response);
  const front = new Front((request, response) => serveAll(request, response), app.clock);
  const serveAll = entrance({ app, remembered: rememberedOf(app), next, isEnding: () => front.isEnding });
  // A test's client keeps idle connections for less time. If the server closed first, it could break a request.
  front.server.keepAliveTimeout = 120_000;
  return front;
}

async function serve(app: App, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? "/", "http://instance.test");
  const match = matchRoute(incoming.method ?? "GET", url.pathname);
  if (match === null) {
    outgoing.writeHead(404).end();
    return;
  }
  const left = new AbortController();
  outgoing.once("close", () => left.abort());
  const request = new Request(url, {
    method: incoming.method ?? "GET",
    headers: new Headers(incoming.headers as Record<string, string>),
    signal: left.signal,
    ...(incoming.method === "POST" ? { body: await bodyOf(incoming) } : {}),
  });
  const route: AnyRoute = ROUTES[match.name];
  const later: (() => Promise<unknown>)[] = [];
  const response = await answer(app, route, {
    request,
    params: match.params,
    background: (work) => void later.push(work),
  });
  outgoing.writeHead(response.status, [...response.headers].flat());
  const work = later.map((each) => each().catch((cause) => app.log.error("work after an answer failed", { cause })));
  await Promise.all([send(response, outgoing), ...work]);
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Sends a body as fast as the client reads it. It stops when the client leaves. */
async function send({ body }: Response, outgoing: ServerResponse): Promise<void> {
  const reader = body?.getReader();
  while (reader && !outgoing.destroyed) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!outgoing.write(value)) await drained(outgoing);
  }
  if (outgoing.destroyed) await reader?.cancel();
  else outgoing.end();
}

const drained = (outgoing: ServerResponse) =>
  new Promise<void>((resolve) => {
    const done = () => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.on("drain", done).on("close", done);
  });
