/** What instances tell of themselves, in one hash. Redis' clock says which reports are over, so instances need not agree on the time. */
import type { InstanceReports } from "../../ports/shared/instance-reports";
import { TierUnavailable } from "../../ports/tier-unavailable";
import type { Commands } from "./client/client";
import type { Keys } from "./client/keys";

/**
 * KEYS hash of instance → "<until, ms> <report>". ARGV instance, ttlMs, report, 1 where everybody's reports are asked for.
 * Whoever asks also takes out what is over: a hash's fields have no end of their own.
 */
export const REPORT = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', nowMs + ARGV[2]) .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local reports = {}
if ARGV[4] ~= '1' then return reports end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local untilMs, report = string.match(all[i + 1], '^(%d+) (.*)$')
  if untilMs and tonumber(untilMs) > nowMs then reports[#reports + 1] = report
  else redis.call('HDEL', KEYS[1], all[i]) end
end
return reports`;

export interface UpstashInstanceReportsOptions {
  readonly commands: Commands;
  readonly keys: Keys;
  readonly ttlMs: number;
}

export class UpstashInstanceReports implements InstanceReports {
  constructor(private readonly options: UpstashInstanceReportsOptions) {}

  async report(instanceId: string, report: string, asks: "everybody" | "nobody"): Promise<readonly string[]> {
    const { commands, keys, ttlMs } = this.options;
    const args = [instanceId, ttlMs, report, asks === "everybody" ? 1 : 0];
    const reports = await commands.eval("report", REPORT, [keys.reports], args);
    if (!Array.isArray(reports)) throw new TierUnavailable("redis", "Redis: reports were answered by none");
    return reports.map(String);
  }
}
