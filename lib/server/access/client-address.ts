import "server-only";
/**
 * The address that a request comes from, for counting. A header can be made up, so it is believed only as far as proxies of ours have written it:
 * with `hops` proxies in front the last `hops` entries of X-Forwarded-For are theirs, and the first of those is the client.
 * With none it is the socket's own address, which Next does not hand on, so it is put into a header where the request comes in.
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server } from "node:http";
import { isIP, isIPv6 } from "node:net";

/** What a client sends under this name is overwritten. */
export const SOCKET_HEADER = "x-trustmesh-socket";

/** Longer than any honest client takes to send its headers, or 64 KB (Node's own limits are 60 and 300 s). */
export const LIMITS_OF_CLIENTS = { headersTimeout: 15_000, requestTimeout: 30_000 } as const;

/** For every HTTP server of this process, whoever made it: notes where requests come from, and cuts who never ends one. */
export function watchSockets(): void {
  subscribe("http.server.request.start", (message) => {
    const { request, server } = message as { request: IncomingMessage; server: Server };
    request.headers[SOCKET_HEADER] = request.socket.remoteAddress ?? "";
    Object.assign(server, LIMITS_OF_CLIENTS);
  });
}

/** A request's header by its name in small letters. */
export type HeaderReader = (name: string) => string | null | undefined;

/** A name for the client's address, the same for all of an IPv6 network of one customer (/64); `unknown` where there is none. */
export function clientAddress(header: HeaderReader, hops: number): string {
  const forwarded = (header("x-forwarded-for") ?? "").split(",").map((entry) => entry.trim());
  const claimed = hops > 0 && forwarded.length >= hops ? forwarded[forwarded.length - hops] : undefined;
  const address = withoutPort(claimed ?? header(SOCKET_HEADER) ?? "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIPv6(address)) return networkOf(address);
  return isIP(address) ? address : "unknown";
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1)$/;

/**
 * Whether the request comes from this very machine: its socket says so, and so does every proxy that says anything. The Host
 * header is the client's own to write, so it does not count. False where the socket is not known, as in functions.
 */
export function isThisMachine(header: HeaderReader): boolean {
  const forwarded = (header("x-forwarded-for") ?? "").split(",").map((entry) => entry.trim());
  const addresses = [header(SOCKET_HEADER) ?? "", ...forwarded.filter((entry) => entry !== "")];
  return addresses.every((address) => LOOPBACK.test(withoutPort(address).replace(/^::ffff:/i, "")));
}

/** Some proxies write `1.2.3.4:5678` or `[::1]:5678`. */
const withoutPort = (text: string) =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;

/** The first four groups: a customer has at least those to himself (RFC 6177). */
function networkOf(address: string): string {
  const [head = "", tail] = (address.split("%")[0] as string).toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const all =
    tail === undefined
      ? groups
      : [...groups, ...Array(Math.max(0, 8 - groups.length - rest.length)).fill("0"), ...rest];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
