import "server-only";
import { systemClock } from "../../../adapters/memory/system-clock";
import { RedisClient } from "../../../adapters/redis/client/client";
import { CLUSTER_PARTITIONS, Keys } from "../../../adapters/redis/client/keys";
import { RedisHotCache } from "../../../adapters/redis/hot-cache";
import { type NodesPersistence, readPersistence } from "../../../adapters/redis/persistence";
import { isOutOfMemory, isUsedUp } from "../../../core/health/reasons";
import { reasonUnreachable } from "../../../core/health/unreachable";
import { transportOf } from "../../boot/open";
import type { Env } from "../../config/env";
import { type DoctorFinding, fine, wrong } from "./finding";

const A_CLUSTER = "It is a Redis Cluster: name several of its nodes in REDIS_URL, separated by commas.";

/**
 * Examines the configured Redis: whether it answers, runs scripts, takes writes and keeps its data. Yields a finding for each.
 */
export async function* examineRedis(env: Env): AsyncGenerator<DoctorFinding> {
  const transport = await transportOf(env);
  if (transport === null) {
    yield fine("redis", "No Redis is configured: one instance only.");
    return;
  }
  let persistence: NodesPersistence;
  try {
    // All our commands are scripts. A plan without scripts or a read-only token fails here, and not later under load.
    const client = new RedisClient({ transport, clock: systemClock, readTimeoutMs: 5_000, timeoutMs: 5_000 });
    const keys = new Keys(env.HEDERA_NETWORK, undefined, transport.isCluster ? CLUSTER_PARTITIONS : 1);
    persistence = await readPersistence(client, keys);
    if (persistence.isCluster && !transport.isCluster && env.REDIS_URL !== null) {
      yield wrong("redis", A_CLUSTER);
      return;
    }
    await new RedisHotCache({ commands: client, keys }).ping();
    yield fine("redis", "Redis answers, runs our scripts and takes writes.");
  } catch (cause) {
    const reason = reasonUnreachable(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    yield wrong("redis", `Redis cannot be used: ${reason}. ${mendOf(env, reason)}`);
    return;
  } finally {
    await transport.close();
  }
  const { persists, evicts } = persistence;
  if (persists === false)
    yield wrong(
      "redis",
      "Redis has no append-only file, so a restart loses nonces and unfinished writes. Set appendonly to yes.",
    );
  if (evicts !== null)
    yield wrong(
      "redis",
      `Redis evicts keys, nonces included, when its memory is full (${evicts}). Set maxmemory-policy to noeviction.`,
    );
  if (persists === null)
    yield fine(
      "redis",
      "Redis does not report its persistence and eviction. Check that it persists keys and does not evict them.",
    );
}

/** These are what the node of a cluster answers to somebody who takes it for a single server. */
function mendOf({ UPSTASH_REDIS_REST_URL: url }: Env, reason: string): string {
  if (isOutOfMemory(reason)) return "Redis is out of memory: raise its maxmemory, or take a larger plan.";
  if (isUsedUp(reason))
    return "Redis refuses every command: the plan's number of commands is used up. Take a larger plan.";
  if (url !== undefined) return "Check UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.";
  return /MOVED|CROSSSLOT|CLUSTERDOWN/.test(reason) ? A_CLUSTER : "Check REDIS_URL.";
}
