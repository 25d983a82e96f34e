/**
 * Time for tests of what lives in a real Redis: its own clock cannot be moved, so scripts are given the test's in its place, and
 * times to live are shortened by as much as should have passed. Nobody sleeps.
 */
import type { Commands } from "@/lib/adapters/upstash/client";
import type { DrivenClock } from "./driven-clock";
import type { RespConnection } from "./resp";

const REDIS_TIME = "redis.call('TIME')";

/** The same commands, with Redis' clock replaced. */
export function withClock(commands: Commands, clock: DrivenClock): Commands {
  return {
    eval: (purpose, script, keys, args) => {
      const nowMs = clock.now();
      const time = `{'${Math.floor(nowMs / 1_000)}', '${(nowMs % 1_000) * 1_000}'}`;
      return commands.eval(purpose, script.replaceAll(REDIS_TIME, time), keys, args);
    },
  };
}

const AGE = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  local left = redis.call('PTTL', key)
  if left > tonumber(ARGV[2]) then redis.call('PEXPIRE', key, left - ARGV[2])
  elseif left >= 0 then redis.call('DEL', key) end
end`;

/** Makes the keys of a network older than they are. */
export async function age(redis: RespConnection, network: string, ms: number): Promise<void> {
  await redis.send([["EVAL", AGE, "0", `tm:${network}:*`, String(ms)]]);
}
