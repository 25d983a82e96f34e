/** The yardstick of the stream rows: bare node:http that keeps every answer open, and writes one text to all on command. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const open = new Set<ServerResponse>();
const server = createServer((_, response) => {
  open.add(response);
  response.once("close", () => open.delete(response));
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache, no-transform" });
  response.write("event: hello\ndata: {}\n\n");
});

/** `port` asks where it listens. Anything else is written to all. */
process.on("message", (text: string) => {
  if (text !== "port") for (const response of open) response.write(text);
  process.send?.((server.address() as AddressInfo).port);
});

server.listen(0, "127.0.0.1");
