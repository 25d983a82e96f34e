/** A server on this machine that stands for the deployment of another web UI. It records every request. */
import { createServer, get, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface WebUi {
  readonly origin: string;
  /** Complete requests, oldest first. */
  readonly asked: Asked[];
  /** Origin to which `/circle-back` sends a request again, with all its headers. With it, a proxy leads back to its client. */
  circleTo: string;
  /** Sends one event on every open stream of `/events`. `/held` is a stream whose headers do not come. */
  tell(text: string): void;
  /** Resolves when the clients of all streams have left. */
  streamsEnded(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server. Port 0 means any free port. */
export async function startWebUi(port = 0): Promise<WebUi> {
  const asked: Asked[] = [];
  const streams = new Set<ServerResponse>();
  let ended = () => {};
  const server = createServer((request, response) => {
    void bodyOf(request).then(
      (body) => {
        asked.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
        if (request.url === "/circle-back") return sendAgain(request, response, ui.circleTo);
        if (!/\/(events|held)($|\?)/.test(request.url ?? "")) return answer(request, response, body, origin());
        if (request.url !== "/held") {
          response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache, no-transform" });
          response.flushHeaders();
        }
        if (request.url?.includes("?greeting")) response.write("data: greeting\n\n");
        streams.add(response);
        response.once("close", () => {
          streams.delete(response);
          if (streams.size === 0) ended();
        });
      },
      () => {},
    );
  });
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const ui: WebUi = {
    origin: origin(),
    asked,
    circleTo: "",
    tell(text) {
      for (const stream of streams) stream.write(`data: ${text}\n\n`);
    },
    streamsEnded: () =>
      new Promise((resolve) => {
        ended = resolve;
        if (streams.size === 0) resolve();
      }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return ui;
}

function sendAgain({ url, headers }: IncomingMessage, response: ServerResponse, to: string): void {
  get(to + url, { headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const PAGE =
  "<!DOCTYPE html><title>The other UI</title><h1>Their page</h1><script src='/_next/static/chunks/a.js'></script>";

function answer({ url = "/" }: IncomingMessage, response: ServerResponse, body: Buffer, origin: string): void {
  const path = url.split("?", 1)[0]?.replace(/^\/api/, "");
  switch (path) {
    case "/echo":
      return void response.writeHead(200, { "content-type": "application/octet-stream", "x-theirs": "echo" }).end(body);
    case "/moved":
      return void response.writeHead(307, { location: `${origin}/contacts?from=moved#top` }).end();
    case "/away":
      return void response.writeHead(302, { location: "https://elsewhere.example/contacts" }).end();
    case "/nearby":
      return void response.writeHead(302, { location: "/contacts" }).end();
    case "/trap":
      return void response.writeHead(302, { location: `${origin}//elsewhere.example/` }).end();
    case "/cookies":
      response.setHeader("set-cookie", [
        "theirs=1; Path=/; HttpOnly",
        "tm_session=forged; Path=/",
        "__Host-tm_session=forged; Path=/; Secure",
        "=tm_session=forged; Path=/",
        "other=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT",
      ]);
      return void response.writeHead(200, { "content-type": "text/plain" }).end("set");
    case "/_next/static/chunks/a.js":
      return void response
        .writeHead(200, { "content-type": "text/javascript", "cache-control": "public, max-age=31536000, immutable" })
        .end("document.title = 'Their script ran'");
    case "/missing":
      return void response.writeHead(404, { "content-type": "text/html" }).end("<h1>Their 404</h1>");
    case "/empty":
      return void response.writeHead(204, { "x-theirs": "empty" }).end();
    default: {
      const headers = {
        "content-type": "text/html",
        "content-length": String(PAGE.length),
        "x-frame-options": "SAMEORIGIN",
      };
      return void response.writeHead(200, headers).end(PAGE);
    }
  }
}
