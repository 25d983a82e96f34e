import "server-only";
/**
 * The client's address, for rate limits. A client can write any header, so only entries from our own proxies count. With `hops`
 * proxies in front, they wrote the last `hops` entries of X-Forwarded-For, and the first of those is the client. Without
 * proxies it is the socket's address. Next does not pass that on, so the server writes it into a header of its own.
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server } from "node:http";
import { isIP, isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";

/** The server overwrites this header if a client sends it. */
export const SOCKET_HEADER = "x-trustmesh-socket";

/** No honest client needs longer to send its headers, or 64 KB of body. Node's defaults are 60 and 300 s. */
export const LIMITS_OF_CLIENTS = { headersTimeout: 15_000, requestTimeout: 30_000 } as const;

/** Notes the socket's address on each request to any HTTP server of this process. Cuts clients that never finish a request. */
export function watchSockets(): void {
  subscribe("http.server.request.start", (message) => {
    const { request, server } = message as { request: IncomingMessage; server: Server };
    request.headers[SOCKET_HEADER] = request.socket.remoteAddress ?? "";
    Object.assign(server, LIMITS_OF_CLIENTS);
  });
}

/** Reads a request's header by its lower-case name. */
export type HeaderReader = (name: string) => string | null | undefined;

/** A key for the client's address. A whole IPv6 network (/64) is one client. `unknown` if there is no address. */
export function clientAddress(header: HeaderReader, hops: number): string {
  const written = (hops > 0 ? claimed(header, hops) : undefined) ?? header(SOCKET_HEADER) ?? "";
  const known = read.get(written);
  if (known !== undefined) return known;
  const address = addressIn(written);
  read.set(written, address);
  return address;
}

/** Most requests come from a few addresses, and reading one costs some microseconds. */
const read = new LRUCache<string, string>(atMostEntries(1_000));

/** With fewer entries than proxies, the request bypassed a proxy and the client wrote the entries itself. */
function claimed(header: HeaderReader, hops: number): string | undefined {
  const forwarded = forwardedFor(header);
  return forwarded.length >= hops ? forwarded[forwarded.length - hops] : undefined;
}

function addressIn(text: string): string {
  const address = withoutPort(text);
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return "unknown";
  // Turns an IPv4 address mapped into IPv6 back into IPv4.
  const parsed = ipaddr.process(address);
  if (!("parts" in parsed)) return parsed.toString();
  // A customer gets at least a /64 (RFC 6177).
  const network = parsed.parts.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}

/**
 * True if the request comes from this machine: the socket and every forwarded address are local. The Host header does not
 * count, because the client writes it. False if the socket is unknown, as in functions.
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
