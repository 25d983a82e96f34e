import "server-only";
import { systemClock } from "../../adapters/memory/system-clock";
import { UpstashClient } from "../../adapters/upstash/client";
import { readRedisSettings } from "../../adapters/upstash/settings";
import { reasonUnreachable } from "../../core/unreachable";
import type { Env } from "../env";
import { type Finding, fine, wrong } from "./finding";

export async function* examineRedis(env: Env): AsyncGenerator<Finding> {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  if (url === undefined || token === undefined) {
    yield fine("redis", "No Redis is configured: one instance only.");
    return;
  }
  try {
    // Every command of ours is a script: what a plan or a token for reading does not allow shows here, not under load.
    const client = new UpstashClient({ url, token, clock: systemClock, readTimeoutMs: 5_000, timeoutMs: 5_000 });
    await client.eval("cursor", "return 1", [], []);
    yield fine("redis", "Redis answers, and runs our scripts.");
  } catch (cause) {
    const reason = reasonUnreachable(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    const mend = "Check UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.";
    yield wrong("redis", `Redis cannot be used: ${reason}. ${mend}`);
    return;
  }
  const { isPersistent, evictionPolicy } = await readRedisSettings({ url, token });
  if (isPersistent === false)
    yield wrong(
      "redis",
      "Redis keeps nothing on disk: a restart forgets nonces and what is being written. Turn on its append-only file (appendonly yes).",
    );
  if (evictionPolicy !== null && evictionPolicy !== "noeviction")
    yield wrong(
      "redis",
      `Redis throws keys away when its memory is full (${evictionPolicy}), nonces among them. Set maxmemory-policy to noeviction.`,
    );
  if (isPersistent === null || evictionPolicy === null)
    yield fine(
      "redis",
      "Whether Redis persists and evicts is not known, since it does not say: see that it persists and does not evict.",
    );
}
