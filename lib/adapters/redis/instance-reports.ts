/** Instance reports in one hash. Redis' clock decides which reports have expired, so instances need not agree on the time. */
import type { InstanceReports, OwnReport } from "../../ports/shared/instance-reports";
import { TierUnavailable } from "../../ports/tier-unavailable";
import type { Commands } from "./client/client";
import type { Keys } from "./client/keys";

/**
 * KEYS hash of instance → "<until, ms> <report>". ARGV instance, ttlMs, report, 1 to return everybody's reports.
 * A hash's fields do not expire by themselves, so a call that returns reports also removes expired ones. The hash lives as long as
 * its longest report.
 */
export const REPORT = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', nowMs + ARGV[2]) .. ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
local reports = {}
if ARGV[4] ~= '1' then return reports end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local untilMs, report = string.match(all[i + 1], '^(%d+) (.*)$')
  if untilMs and tonumber(untilMs) > nowMs then reports[#reports + 1] = report
  else redis.call('HDEL', KEYS[1], all[i]) end
end
return reports`;

/** KEYS as above. ARGV instance. */
export const REMOVE = `
return redis.call('HDEL', KEYS[1], ARGV[1])`;

export interface RedisInstanceReportsOptions {
  readonly commands: Commands;
  readonly keys: Keys;
}

export class RedisInstanceReports implements InstanceReports {
  constructor(private readonly options: RedisInstanceReportsOptions) {}

  async report({ instanceId, report, ttlMs }: OwnReport, asks: "everybody" | "nobody"): Promise<readonly string[]> {
    const { commands, keys } = this.options;
    const args = [instanceId, ttlMs, report, asks === "everybody" ? 1 : 0];
    const reports = await commands.eval("report", REPORT, [keys.reports], args);
    if (!Array.isArray(reports))
      throw new TierUnavailable("redis", "Redis: the script of the reports returned no list");
    return reports.map(String);
  }

  async remove(instanceId: string): Promise<void> {
    const { commands, keys } = this.options;
    await commands.eval("report", REMOVE, [keys.reports], [instanceId]);
  }
}
