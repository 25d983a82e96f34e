/**
 * Redis over TCP: one server, or a Redis Cluster. Scripts are sent by their hash. The first command connects, and after a failure the
 * next one does: nothing is queued while Redis is down.
 */
import { createHash } from "node:crypto";
import { Cluster } from "ioredis";
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../../core/bounded-map";
import { startTimeout } from "../client/timeout";
import {
  type FailureKind,
  firstWord,
  type StreamHandlers,
  systemCode,
  type Transport,
  tookTooLong,
} from "../client/transport";
import type { RedisAddress, RedisAddresses } from "./addresses";
import { connectionsTo, connectionTo, type RedisConnection } from "./connect";
import { followChannel } from "./subscription";

/**
 * A connection on which nothing was answered for this long is given up. TCP itself would keep sending to a host that is gone for a
 * quarter of an hour.
 */
const SILENT_MS = 5_000;
/** There are some thirty scripts. */
const MAX_HASHES = 100;
/**
 * Answers of a server that has become a replica. It keeps its connections, while the address leads to the server that took over.
 * Before version 7, Redis puts other words in front of a script's error.
 */
const DEMOTED = /\b(READONLY|MASTERDOWN)\b/;
/** An address may lead to a replica for longer. It still answers reads, so its connection is given up at most this often. */
const DEMOTED_EVERY_MS = 1_000;
const OVER: ReadonlySet<string> = new Set(["close", "end", "disconnecting", "reconnecting"]);

export class TcpTransport implements Transport {
  readonly isCluster: boolean;
  private connection: RedisConnection | null = null;
  private ready: Promise<RedisConnection> = Promise.reject(new Error("not connected"));
  /** The last failure of a connection that the library reported. Its errors for commands leave the reason out. */
  private lastFailure: unknown = null;
  /** Since when no command was answered, by the process' own clock; null if the last one was. */
  private silentSinceMs: number | null = null;
  private demotedMs = Number.NEGATIVE_INFINITY;
  private isClosed = false;
  private readonly hashes = new LRUCache<string, string>(atMostEntries(MAX_HASHES));

  constructor(
    private readonly addresses: RedisAddresses,
    private readonly silentMs = SILENT_MS,
  ) {
    this.isCluster = addresses.length > 1;
    this.ready.catch(() => {});
  }

  eval(script: string, keys: readonly string[], args: readonly (string | number)[], timeoutMs: number) {
    return new Promise<unknown>((resolve, reject) => {
      const callOff = startTimeout(timeoutMs, () => {
        this.giveUpSilence();
        reject(tookTooLong());
      });
      this.run(script, keys, args).then(
        (answer) => {
          callOff();
          resolve(answer);
        },
        (cause) => {
          callOff();
          reject(cause);
        },
      );
    });
  }

  subscribe(channel: string, handlers: StreamHandlers, signal: AbortSignal): Promise<string> {
    return followChannel(connectionTo(this.anyNode()), channel, handlers, signal);
  }

  kindOf(error: unknown): FailureKind {
    if (error instanceof DOMException && error.name === "TimeoutError") return "timeout";
    return replyIn(error) === null ? "network" : "rejected";
  }

  codeOf(error: unknown): string | null {
    const reply = replyIn(error);
    if (reply !== null) return firstWord(reply);
    return systemCode(error) ?? (error instanceof Error ? systemCode(error.cause) : null);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.connection?.disconnect();
  }

  private async run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const connection = await this.connected();
    this.silentSinceMs ??= performance.now();
    try {
      const answer = await connection.evalsha(this.hashOf(script), keys.length, ...keys, ...args);
      this.lastFailure = null;
      return answer;
    } catch (cause) {
      if (this.codeOf(cause) === "NOSCRIPT")
        return await connection
          .eval(script, keys.length, ...keys, ...args)
          .catch((error) => this.explained(error, connection));
      return this.explained(cause, connection);
    } finally {
      if (this.connection === connection) this.silentSinceMs = null;
    }
  }

  /** Resolves when commands can be sent. */
  private connected(): Promise<RedisConnection> {
    if (this.isClosed) return Promise.reject(new Error("the connection was closed"));
    if (this.connection !== null && !OVER.has(this.connection.status)) return this.ready;
    const connection = this.isCluster ? connectionsTo(this.addresses) : connectionTo(this.addresses[0]);
    const noted = (failure: unknown) => {
      if (this.codeOf(failure) !== null) this.lastFailure = failure;
    };
    connection.on("error", noted);
    if (connection instanceof Cluster) connection.on("node error", noted);
    this.connection = connection;
    this.silentSinceMs = null;
    this.ready = connection.connect().then(
      () => connection,
      (cause) => {
        connection.disconnect();
        return this.explained(cause, connection);
      },
    );
    return this.ready;
  }

  /** Rejects with the failure, or with the one behind it. */
  private explained(failure: unknown, connection: RedisConnection): Promise<never> {
    const reply = replyIn(failure);
    if (reply !== null) {
      if (DEMOTED.test(reply)) this.leaveDemoted(connection);
      return Promise.reject(failure);
    }
    // A replica may have taken over.
    if (this.connection instanceof Cluster && this.connection.status === "ready") this.connection.refreshSlotsCache();
    return Promise.reject(
      replyIn(this.lastFailure) !== null ? this.lastFailure : new Error("no connection", { cause: this.lastFailure }),
    );
  }

  private giveUpSilence(): void {
    if (this.silentSinceMs === null || performance.now() - this.silentSinceMs < this.silentMs) return;
    // The library waits for the other side to close, too, and nobody may be there.
    this.giveUp(this.connection);
  }

  private leaveDemoted(connection: RedisConnection): void {
    // The other nodes of a cluster go on, and name the one that took over.
    if (connection instanceof Cluster) return void connection.refreshSlotsCache();
    const nowMs = performance.now();
    if (nowMs - this.demotedMs < DEMOTED_EVERY_MS) return;
    this.demotedMs = nowMs;
    this.giveUp(connection);
  }

  /** The next command connects again. Does nothing if another connection has taken this one's place. */
  private giveUp(connection: RedisConnection | null): void {
    if (connection === null || connection !== this.connection) return;
    connection.disconnect();
    this.connection = null;
  }

  /** A node to subscribe at: every node of a cluster passes on what is published at any other. */
  private anyNode(): RedisAddress {
    const [first] = this.addresses;
    const known = this.connection instanceof Cluster ? this.connection.nodes("all").map(({ options }) => options) : [];
    const nodes = known.length > 0 ? known : this.addresses;
    const node = nodes[Math.floor(Math.random() * nodes.length)] ?? first;
    return { ...first, host: node.host ?? first.host, port: node.port ?? first.port };
  }

  private hashOf(script: string): string {
    const known = this.hashes.get(script);
    if (known !== undefined) return known;
    const hash = createHash("sha1").update(script).digest("hex");
    this.hashes.set(script, hash);
    return hash;
  }
}

/** Redis' own answer that caused an error; null if Redis did not answer. */
function replyIn(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === "ReplyError") return error.message;
  return /^Too many Cluster redirections\. Last error: ReplyError: (.*)$/s.exec(error.message)?.[1] ?? null;
}
