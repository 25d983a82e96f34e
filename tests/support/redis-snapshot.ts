/** Takes what Redis has of a network, and brings Redis back to it: what a restored snapshot or a lagging replica is to us. */
import type { Command, RespConnection } from "./resp";

/** The keys of a network now. Resolves to what puts exactly them back, with the time to live that they had. */
export async function snapshotOf(redis: RespConnection, network: string): Promise<() => Promise<void>> {
  const keysOf = async () => {
    const [keys] = await redis.send([["KEYS", `tm:${network}:*`]]);
    return (keys as readonly Buffer[]).map(String);
  };
  const kept: Command[] = [];
  for (const key of await keysOf()) {
    const [dump, left] = await redis.send([
      ["DUMP", key],
      ["PTTL", key],
    ]);
    // A gate may have ended meanwhile.
    if (dump === null) continue;
    kept.push(["RESTORE", key, String(Math.max(0, Number(left))), dump as Buffer, "REPLACE"]);
  }
  return async () => {
    const now = await keysOf();
    // Connections that stay open see the change between two of their commands, as they do when a replica takes over.
    const gone: readonly Command[] = now.length > 0 ? [["DEL", ...now]] : [];
    await redis.send([["MULTI"], ...gone, ...kept, ["EXEC"]]);
  };
}
