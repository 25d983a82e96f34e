import "server-only";
import { systemClock } from "../../../adapters/memory/system-clock";
import { RedisClient } from "../../../adapters/redis/client/client";
import { Keys } from "../../../adapters/redis/client/keys";
import { RedisHotCache } from "../../../adapters/redis/hot-cache";
import { type Keeping, readKeeping } from "../../../adapters/redis/keeping";
import { reasonUnreachable } from "../../../core/health/unreachable";
import { transportOf } from "../../boot/open";
import type { Env } from "../../config/env";
import { type Finding, fine, wrong } from "./finding";

export async function* examineRedis(env: Env): AsyncGenerator<Finding> {
  const transport = transportOf(env);
  if (transport === null) {
    yield fine("redis", "No Redis is configured: one instance only.");
    return;
  }
  let keeping: Keeping;
  try {
    // All our commands are scripts. A plan without scripts or a read-only token fails here, and not later under load.
    const client = new RedisClient({ transport, clock: systemClock, readTimeoutMs: 5_000, timeoutMs: 5_000 });
    keeping = await readKeeping(client);
    await new RedisHotCache({ commands: client, keys: new Keys(env.HEDERA_NETWORK) }).ping();
    yield fine("redis", "Redis answers, runs our scripts and takes writes.");
  } catch (cause) {
    const reason = reasonUnreachable(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    const mend = "Check UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.";
    yield wrong("redis", `Redis cannot be used: ${reason}. ${mend}`);
    return;
  } finally {
    await transport.close();
  }
  const { persists, evicts } = keeping;
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
