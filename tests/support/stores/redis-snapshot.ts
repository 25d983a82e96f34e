/** Saves a network's keys in Redis and restores them later, as a restored snapshot or a failover to a lagging replica does. */
import type { RespConnection } from "../servers/redis/resp";

/** A pattern of all keys of a network, with and without a hash tag. */
export const keysOfNetwork = (network: string): string => `tm:*${network}:*`;

/** ARGV pattern. Answers key, dump and ms to live for each key. */
const SAVE = `local saved = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  for _, word in ipairs({key, redis.call('DUMP', key), math.max(0, redis.call('PTTL', key))}) do saved[#saved + 1] = word end
end
return saved`;

/** ARGV pattern, then what SAVE answered. */
const RESTORE = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end
for i = 2, #ARGV, 3 do redis.call('RESTORE', ARGV[i], ARGV[i + 2], ARGV[i + 1]) end
return 1`;

/**
 * Saves a network's keys. Resolves to a function that restores exactly these keys with their times to live. Each is one script:
 * open connections see the change between two of their commands, as in a failover.
 */
export async function snapshotOf(redis: Pick<RespConnection, "send">, network: string): Promise<() => Promise<void>> {
  const pattern = keysOfNetwork(network);
  const [saved] = await redis.send([["EVAL", SAVE, "0", pattern]]);
  const words = (saved as readonly (Buffer | number)[]).map((word) => (typeof word === "number" ? String(word) : word));
  return async () => {
    await redis.send([["EVAL", RESTORE, "0", pattern, ...words]]);
  };
}

/** Deletes a network's keys. */
export async function forget(redis: RespConnection, network: string): Promise<void> {
  const [keys] = await redis.send([["KEYS", keysOfNetwork(network)]]);
  const names = (keys as readonly Buffer[]).map(String);
  if (names.length > 0) await redis.send([["DEL", ...names]]);
}
