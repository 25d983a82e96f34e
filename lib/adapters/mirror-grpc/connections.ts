/** Connections to one gRPC server. Each takes a few calls only, so more calls need more connections. */
import { type ChannelCredentials, Client, type ClientOptions } from "@grpc/grpc-js";

/** A mirror takes at most this many calls on a connection (docs/hedera.md §2). A sixth would wait until one of them ends. */
export const CALLS_PER_CONNECTION = 5;

const OPTIONS: ClientOptions = {
  // Otherwise all clients of one address share one connection.
  "grpc.use_local_subchannel_pool": 1,
  // The caller decides when to try again.
  "grpc.enable_retries": 0,
  // Servers in Java close a connection that pings more often than every five minutes (grpc-java, permitKeepAliveTime).
  "grpc.keepalive_time_ms": 300_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // A connection without calls is closed after this. A subscription that is renewed finds it still open.
  "grpc.client_idle_timeout_ms": 10_000,
  // A message has at most 1,024 bytes (docs/hedera.md §3); its hash, time and chunk info take some 200.
  "grpc.max_receive_message_length": 8_192,
};

/** A connection, and its load. */
export interface GrpcConnection {
  readonly client: Client;
  /** Calls that are open. */
  calls: number;
}

export class GrpcConnections {
  private readonly open = new Set<GrpcConnection>();

  constructor(
    private readonly target: string,
    private readonly credentials: ChannelCredentials,
  ) {}

  get size(): number {
    return this.open.size;
  }

  /** A connection with a free place, which is taken now. Give it back with `release`. */
  take(): GrpcConnection {
    const free = [...this.open].find(({ calls }) => calls < CALLS_PER_CONNECTION);
    const connection = free ?? { client: new Client(this.target, this.credentials, OPTIONS), calls: 0 };
    this.open.add(connection);
    connection.calls += 1;
    return connection;
  }

  /** Gives a place back. `isBroken`: the call failed, so a connection without other calls is not used again. */
  release(connection: GrpcConnection, isBroken: boolean): void {
    connection.calls -= 1;
    if (!isBroken || connection.calls > 0) return;
    this.open.delete(connection);
    connection.client.close();
  }

  close(): void {
    for (const { client } of this.open) client.close();
    this.open.clear();
  }
}
