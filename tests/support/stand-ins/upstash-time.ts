/**
 * Lets tests move time in a real Redis, whose own clock they cannot move. Scripts read the test's clock instead. Times to live are a
 * thousand times as long, so that no key expires while a test is slow. `age` shortens them when time should pass.
 */
import type { Commands } from "@/lib/adapters/redis/client/client";
import type { Clock } from "@/lib/ports/clock";
import type { RespConnection } from "../servers/redis/resp";
import { keysOfNetwork } from "../stores/redis-snapshot";

const STRETCH = 1_000;

/** Replaces `redis.call` in scripts. */
const CALL = `
local function driven(name, ...)
  local args = {...}
  local function stretch(i) args[i] = string.format('%.0f', args[i] * ${STRETCH}) end
  if name == 'PTTL' then
    local left = redis.call(name, unpack(args))
    return left > 0 and math.ceil(left / ${STRETCH}) or left
  end
  if name == 'PEXPIRE' then stretch(2) end
  for i = 3, #args - 1 do
    if name == 'SET' and args[i] == 'PX' then stretch(i + 1) end
  end
  return redis.call(name, unpack(args))
end`;

/** Makes the commands use the test's clock. */
export function withClock(commands: Commands, clock: Pick<Clock, "now">): Commands {
  return {
    eval: (purpose, script, keys, args) => {
      const nowMs = clock.now();
      const time = `{'${Math.floor(nowMs / 1_000)}', '${(nowMs % 1_000) * 1_000}'}`;
      const driven = script.replaceAll("redis.call('TIME')", time).replaceAll("redis.call(", "driven(");
      return commands.eval(purpose, CALL + driven, keys, args);
    },
  };
}

const AGE = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  local left = redis.call('PTTL', key)
  if left > tonumber(ARGV[2]) then redis.call('PEXPIRE', key, left - ARGV[2])
  elseif left >= 0 then redis.call('DEL', key) end
end`;

/** Lets `ms` pass for all keys of a network. `withClock` must have written them. */
export async function age(redis: Pick<RespConnection, "send">, network: string, ms: number): Promise<void> {
  await redis.send([["EVAL", AGE, "0", keysOfNetwork(network), String(ms * STRETCH)]]);
}
