/** Saves a network's keys in Redis and restores them later, as a restored snapshot or a failover to a lagging replica does. */
import type { Command, RespConnection } from "../servers/resp";

/** Saves a network's keys. Resolves to a function that restores exactly these keys with their times to live. */
export async function snapshotOf(redis: RespConnection, network: string): Promise<() => Promise<void>> {
  const kept: Command[] = [];
  for (const key of await keysOf(redis, network)) {
    const [dump, left] = await redis.send([
      ["DUMP", key],
      ["PTTL", key],
    ]);
    // A sync gate may have expired meanwhile.
    if (dump === null) continue;
    kept.push(["RESTORE", key, String(Math.max(0, Number(left))), dump as Buffer, "REPLACE"]);
  }
  return async () => {
    const now = await keysOf(redis, network);
    // Open connections see the change between two of their commands, as in a failover.
    const gone: readonly Command[] = now.length > 0 ? [["DEL", ...now]] : [];
    await redis.send([["MULTI"], ...gone, ...kept, ["EXEC"]]);
  };
}

/** Deletes a network's keys. */
export async function forget(redis: RespConnection, network: string): Promise<void> {
  const keys = await keysOf(redis, network);
  if (keys.length > 0) await redis.send([["DEL", ...keys]]);
}

async function keysOf(redis: RespConnection, network: string): Promise<readonly string[]> {
  const [keys] = await redis.send([["KEYS", `tm:${network}:*`]]);
  return (keys as readonly Buffer[]).map(String);
}
