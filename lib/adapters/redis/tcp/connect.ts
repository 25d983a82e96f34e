/**
 * Connections of the client library, configured so that no command waits in the library: it neither reconnects by itself nor sends
 * a command twice. The next command connects, and the circuit breaker limits how often (`lib/adapters/redis/client/client.ts`).
 */
import { isIP } from "node:net";
import { Cluster, type DNSLookupFunction, Redis, type RedisOptions } from "ioredis";
import type { RedisAddress, RedisAddresses } from "./addresses";

/** A connection, or all connections to the nodes of a cluster. */
export type RedisConnection = Redis | Cluster;

/** A node that drops packets is given up after this. */
const CONNECT_TIMEOUT_MS = 5_000;
/** TCP asks a silent peer whether it is there. */
const KEEP_ALIVE_MS = 30_000;
/** While a slot moves, some keys of a script are missing for a moment. All tries together take less time than a reader waits. */
const TRY_AGAIN_MS = 20;
/**
 * The cluster's layout is read this often, so a replica that has taken over is found at most this late. A command that is sent to a
 * wrong node reveals that at once.
 */
const TOPOLOGY_MS = 5_000;

const never = () => null;

/**
 * Left to itself, the library looks up all names first. Then a certificate is compared with an address instead of a name, and one
 * node without a DNS entry, as of a container that has stopped, keeps the others from being asked.
 */
const asNamed: DNSLookupFunction = (hostname, callback) => callback(null, hostname);

/** A connection to one node. It does not connect yet. */
export function connectionTo(address: RedisAddress): Redis {
  const { host, port, database, isTls } = address;
  // A proxy in front of several servers picks one by this name. Node sends it only if it is given, and accepts no address.
  const tls = isTls && isIP(host) === 0 ? { tls: { servername: host } } : {};
  return new Redis({ ...optionsOf(address), ...tls, host, port, db: database });
}

/** Connections to a cluster. It does not connect yet. `nodes`: some of the cluster's nodes, which name the others. */
export function connectionsTo(nodes: RedisAddresses): Cluster {
  return new Cluster(
    nodes.map(({ host, port }) => ({ host, port })),
    {
      redisOptions: optionsOf(nodes[0]),
      lazyConnect: true,
      clusterRetryStrategy: never,
      dnsLookup: asNamed,
      // A cluster in which some slots have no node still answers for the others.
      enableReadyCheck: false,
      // A command whose connection broke may have run. Only the caller knows whether it may run twice.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      retryDelayOnTryAgain: TRY_AGAIN_MS,
      slotsRefreshInterval: TOPOLOGY_MS,
    },
  );
}

function optionsOf({ username, password, isTls }: RedisAddress): RedisOptions {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isTls ? { tls: {} } : {}),
    lazyConnect: true,
    retryStrategy: never,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A server that still loads its data says so by itself, to each command.
    enableReadyCheck: false,
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
  };
}
