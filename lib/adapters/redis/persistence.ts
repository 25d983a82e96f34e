/** Whether Redis keeps its data: nonces and idempotent answers must survive a restart, and must not be evicted. */
import type { RedisPersistence } from "../../core/health/health-facts";
import type { Commands } from "./client/client";
import type { Keys } from "./client/keys";

/** How all nodes keep their data: as the weakest of them does. */
export interface NodesPersistence extends RedisPersistence {
  /** Whether a node of a Redis Cluster has answered. False too if Redis does not say. */
  readonly isCluster: boolean;
}

/** KEYS one key of the node that is asked. A service that answers INFO in its own form shows nothing here, and that is not a fault. */
export const INFO = `
local text = ''
for _, part in ipairs({'persistence', 'memory', 'cluster'}) do
  local info = redis.pcall('INFO', part)
  if type(info) == 'string' then text = text .. info .. '\\n' end
end
return text`;

/**
 * Asks the node of each partition, and so every node of a cluster that keeps data. Rejects with TierUnavailable if one does not
 * answer.
 */
export async function readPersistence(commands: Commands, keys: Keys): Promise<NodesPersistence> {
  const partitions = Array.from({ length: keys.partitions }, (_, partition) => keys.in(partition).ping);
  const answers = await Promise.all(partitions.map((key) => commands.eval("settings", INFO, [key], [])));
  const all = [...new Set(answers.map(String))].map(persistenceOf);
  return {
    persists: all.some(({ persists }) => persists === false) ? false : (all[0]?.persists ?? null),
    evicts: all.find(({ evicts }) => evicts !== null)?.evicts ?? null,
    isCluster: all.some(({ isCluster }) => isCluster),
  };
}

function persistenceOf(text: string): NodesPersistence {
  const value = (name: string) => new RegExp(`^${name}:([^\\r\\n]*)`, "m").exec(text)?.[1]?.trim() ?? null;
  const aof = value("aof_enabled");
  const policy = value("maxmemory_policy");
  return {
    persists: aof === null ? null : aof === "1",
    evicts: policy === "noeviction" ? null : policy,
    isCluster: value("cluster_enabled") === "1",
  };
}
