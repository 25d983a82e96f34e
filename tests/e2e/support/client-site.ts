/**
 * A site with the page of client-page.tsx, which is not the app's: a server of its own, with the app under `/edge`. It can cut
 * the streams off, as a network does.
 */
import { copyFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { PACKAGE } from "@/scripts/build/client/package";
import { applicationWithClient } from "../../support/client/application";

const PREFIX = "/edge";
const HTML =
  '<!doctype html><meta charset="utf-8"><title>Client</title><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>';

export interface ClientSite {
  readonly url: string;
  /** The addresses at which streams were asked for. */
  readonly streams: readonly string[];
  /** Breaks the open streams, and refuses new ones until `mendStreams`. */
  cutStreams(): void;
  mendStreams(): void;
  stop(): Promise<void>;
}

/** `app`: the address of the running app. */
export async function startClientSite(app: string): Promise<ClientSite> {
  const script = await bundledPage();
  const streams: string[] = [];
  const open = new Set<ServerResponse>();
  let isCut = false;

  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? "/";
    if (path === "/") return void outgoing.setHeader("content-type", "text/html").end(HTML);
    if (path === "/page.js") return void outgoing.setHeader("content-type", "text/javascript").end(script);
    if (!path.startsWith(`${PREFIX}/`)) return void outgoing.writeHead(404).end();
    if (path.startsWith(`${PREFIX}/api/stream`)) {
      if (isCut) return void incoming.socket.destroy();
      streams.push(path);
      open.add(outgoing);
      outgoing.on("close", () => open.delete(outgoing));
    }
    handOn(new URL(path.slice(PREFIX.length), app), incoming, outgoing);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams,
    cutStreams() {
      isCut = true;
      for (const stream of open) stream.socket?.destroy();
    },
    mendStreams() {
      isCut = false;
    },
    stop() {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

/** With the browser's own Host, because the app compares it with the Origin of a write. */
function handOn(target: URL, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const onward = request(target, { method: incoming.method, headers: incoming.headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    answer.on("error", () => outgoing.destroy());
  });
  onward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}

async function bundledPage(): Promise<Uint8Array> {
  const application = await applicationWithClient("react-dom", "scheduler", "use-sync-external-store", "dequal");
  const entry = join(application.folder, "client-page.tsx");
  copyFileSync(join("tests", "e2e", "support", "client-page.tsx"), entry);
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: application.folder,
    alias: { "@/lib/client/index": PACKAGE },
    bundle: true,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
  });
  application.remove();
  return outputFiles[0]?.contents ?? new Uint8Array();
}
