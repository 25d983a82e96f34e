/** Takes what Redis has of a network, and brings Redis back to it: what a restored snapshot or a lagging replica is to us. */
import type { Command, RespConnection } from "../servers/resp";

/** The keys of a network now. Resolves to what puts exactly them back, with the time to live that they had. */
export async function snapshotOf(redis: RespConnection, network: string): Promise<() => Promise<void>> {
  const kept: Command[] = [];
  for (const key of await keysOf(redis, network)) {
    const [dump, left] = await redis.send([
      ["DUMP", key],
      ["PTTL", key],
    ]);
    // A gate may have ended meanwhile.
    if (dump === null) continue;
    kept.push(["RESTORE", key, String(Math.max(0, Number(left))), dump as Buffer, "REPLACE"]);
  }
  return async () => {
    const now = await keysOf(redis, network);
    // Connections that stay open see the change between two of their commands, as they do when a replica takes over.
    const gone: readonly Command[] = now.length > 0 ? [["DEL", ...now]] : [];
    await redis.send([["MULTI"], ...gone, ...kept, ["EXEC"]]);
  };
}

/** Empties what Redis has of a network. */
export async function forget(redis: RespConnection, network: string): Promise<void> {
  const keys = await keysOf(redis, network);
  if (keys.length > 0) await redis.send([["DEL", ...keys]]);
}

async function keysOf(redis: RespConnection, network: string): Promise<readonly string[]> {
  const [keys] = await redis.send([["KEYS", `tm:${network}:*`]]);
  return (keys as readonly Buffer[]).map(String);
}
