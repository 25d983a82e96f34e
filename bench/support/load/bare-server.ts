/** The yardstick of the read rows: bare node:http that answers every request with the given bytes. A separate program. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface BareAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** As latin1. */
  readonly body: string;
}

let answer: BareAnswer & { readonly bytes: Buffer | null } = { status: 204, headers: [], body: "", bytes: null };

const server = createServer((_, response) => {
  response.writeHead(answer.status, answer.headers as string[]);
  response.end(answer.bytes ?? undefined);
});

process.on("message", (given: BareAnswer) => {
  answer = { ...given, bytes: given.body === "" ? null : Buffer.from(given.body, "latin1") };
  process.send?.((server.address() as AddressInfo).port);
});

server.keepAliveTimeout = 75_000;
server.listen(0, "127.0.0.1");
