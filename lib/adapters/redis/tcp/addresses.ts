/** Addresses of a Redis that is reached over TCP, as REDIS_URL writes them. */

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly isTls: boolean;
}

/** One server, or several nodes of one cluster. */
export type RedisAddresses = readonly [RedisAddress, ...RedisAddress[]];

const PORT = 6_379;

/**
 * Reads `redis://user:password@host:port/database`, or `rediss://…` for TLS. Several addresses, separated by commas, are nodes of
 * one Redis Cluster. The user and password of the first address are those of all. Throws RangeError with what is wrong, worded to
 * stand behind the name of the variable. The message never holds a part of the text, which may be a password.
 *
 * @example redisAddresses("redis://a:7001,redis://b:7001") // two nodes of a cluster
 */
export function redisAddresses(text: string): RedisAddresses {
  const addresses = text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map(addressOf);
  const [first, ...others] = addresses;
  if (first === undefined) throw new RangeError("must name a Redis, like redis://host:6379");
  if (others.some(({ isTls }) => isTls !== first.isTls))
    throw new RangeError("must use redis:// for every node, or rediss:// for every node");
  if (others.length > 0 && addresses.some(({ database }) => database !== 0))
    throw new RangeError("must not name a database with several nodes: a Redis Cluster has only one");
  if (
    others.some(({ username, password }) => isAnother(username, first.username) || isAnother(password, first.password))
  )
    throw new RangeError("must give every node the same user and password");
  const { username, password } = first;
  return [first, ...others.map((each) => ({ ...each, username, password }))];
}

const isAnother = (theirs: string | undefined, firsts: string | undefined): boolean =>
  theirs !== undefined && theirs !== firsts;

function addressOf(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isTls = url?.protocol === "rediss:";
  if (url === null || (!isTls && url.protocol !== "redis:") || url.hostname === "")
    throw new RangeError(
      "must be redis://user:password@host:port or rediss://…, with commas between the nodes of a cluster",
    );
  if (url.search !== "" || url.hash !== "") throw new RangeError("must have nothing behind a ? or #");
  const database = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  if (database === undefined) throw new RangeError("must have nothing behind the host but the number of a database");
  return {
    // An IPv6 address stands in brackets, which are no part of it.
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? PORT : Number(url.port),
    username: decoded(url.username),
    password: decoded(url.password),
    database: Number(database),
    isTls,
  };
}

function decoded(text: string): string | undefined {
  if (text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RangeError("must write special characters of the user and password in percent form, a % as %25");
  }
}
