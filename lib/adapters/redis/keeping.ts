/** Whether Redis keeps its data: nonces and idempotent answers must survive a restart, and must not be evicted. */
import type { Commands } from "./client/client";

export interface Keeping {
  /** Whether each write is logged to a disk; null if Redis does not say. */
  readonly persists: boolean | null;
  /** The policy by which keys leave when memory is full; null if none leave, or if Redis does not say. */
  readonly evicts: string | null;
}

/** One command. A service that answers INFO in its own form shows nothing here, and that is not a fault. */
const INFO = `
local text = ''
for _, part in ipairs({'persistence', 'memory'}) do
  local info = redis.pcall('INFO', part)
  if type(info) == 'string' then text = text .. info .. '\\n' end
end
return text`;

/** Rejects with TierUnavailable while Redis does not answer. */
export async function readKeeping(commands: Commands): Promise<Keeping> {
  const text = String(await commands.eval("settings", INFO, [], []));
  const value = (name: string) => new RegExp(`^${name}:([^\\r\\n]*)`, "m").exec(text)?.[1]?.trim() ?? null;
  const aof = value("aof_enabled");
  const policy = value("maxmemory_policy");
  return { persists: aof === null ? null : aof === "1", evicts: policy === "noeviction" ? null : policy };
}
