import "server-only";
/**
 * The address that a request comes from, for counting. A client can write any header, so only what our own proxies wrote counts:
 * with `hops` proxies in front, the last `hops` entries of X-Forwarded-For are theirs, and the first of those is the client.
 * Without proxies it is the socket's address. Next does not pass that on, so the server writes it into a header of its own.
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server } from "node:http";
import { isIP, isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";

/** Overwrites what a client sends under this name. */
export const SOCKET_HEADER = "x-trustmesh-socket";

/** Longer than any honest client takes to send its headers, or 64 KB. Node's own limits are 60 and 300 s. */
export const LIMITS_OF_CLIENTS = { headersTimeout: 15_000, requestTimeout: 30_000 } as const;

/** For every HTTP server of this process: notes the socket's address on each request, and cuts clients that never end one. */
export function watchSockets(): void {
  subscribe("http.server.request.start", (message) => {
    const { request, server } = message as { request: IncomingMessage; server: Server };
    request.headers[SOCKET_HEADER] = request.socket.remoteAddress ?? "";
    Object.assign(server, LIMITS_OF_CLIENTS);
  });
}

/** Reads a request's header by its lower-case name. */
export type HeaderReader = (name: string) => string | null | undefined;

/** A key for the client's address: a whole IPv6 network (/64) is one client; `unknown` where there is no address. */
export function clientAddress(header: HeaderReader, hops: number): string {
  const forwarded = forwardedFor(header);
  // With fewer entries than proxies the request came past them, and the client wrote what is there.
  const claimed = hops > 0 && forwarded.length >= hops ? forwarded[forwarded.length - hops] : undefined;
  const address = withoutPort(claimed ?? header(SOCKET_HEADER) ?? "");
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return "unknown";
  // An IPv4 address that was mapped into IPv6 becomes IPv4 again.
  const read = ipaddr.process(address);
  if (!("parts" in read)) return read.toString();
  // A customer has at least this much of IPv6 (RFC 6177).
  const network = read.parts.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}

/**
 * True where the request comes from this machine: the socket and every proxy that says anything say so. The Host header does not
 * count, because the client writes it. False where the socket is not known, as in functions.
 */
export function isThisMachine(header: HeaderReader): boolean {
  const addresses = [header(SOCKET_HEADER) ?? "", ...forwardedFor(header).filter((entry) => entry !== "")];
  return addresses.every(isLoopback);
}

function isLoopback(text: string): boolean {
  const address = withoutPort(text);
  return isIP(address) !== 0 && ipaddr.process(address).range() === "loopback";
}

const forwardedFor = (header: HeaderReader) =>
  (header("x-forwarded-for") ?? "").split(",").map((entry) => entry.trim());

/** Some proxies write `1.2.3.4:5678` or `[::1]:5678`. */
const withoutPort = (text: string) =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
