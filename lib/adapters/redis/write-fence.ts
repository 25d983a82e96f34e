/** The write fence of all instances, on Redis' own clock. One hash for each user and kind that wrote within a day. */
import type { TopicId, TopicKind, UserId } from "../../core/ledger/ids";
import {
  type Entry,
  IN_FLIGHT_MS,
  type LastWrite,
  type WriteFence,
  type WriteRoute,
} from "../../ports/shared/write-fence";
import { TierUnavailable } from "../../ports/tier-unavailable";
import type { Commands } from "./client/client";
import type { Keys } from "./client/keys";

/** A message that was not read back after a day is no longer waited for. */
const KEEP_MS = 86_400_000;

/**
 * KEYS place. ARGV topic, registry version, user version, topic and sequence that the caller knows to be read back, ms that an
 * entry lasts, ms that the place is kept. Answers 'entered', 'outdated', or {topic, sequence, writes in flight} of the other
 * topic.
 */
export const ENTER = `
local known = redis.call('HMGET', KEYS[1], 'topic', 'sequence', 'registry', 'user', 'inFlight', 'until')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local topic, sequence = known[1], known[2] or '0'
local registry, user = tonumber(known[3] or '0'), tonumber(known[4] or '0')
local inFlight = tonumber(known[6] or '0') > now and tonumber(known[5] or '0') or 0
local askedRegistry, askedUser = tonumber(ARGV[2]), tonumber(ARGV[3])
if topic and topic ~= ARGV[1] then
  if askedRegistry < registry or askedUser < user then return 'outdated' end
  if inFlight > 0 or ARGV[4] ~= topic or ARGV[5] ~= sequence then return {topic, sequence, inFlight} end
  sequence, inFlight = '0', 0
end
redis.call('HSET', KEYS[1], 'topic', ARGV[1], 'sequence', sequence, 'registry', math.max(registry, askedRegistry),
  'user', math.max(user, askedUser), 'inFlight', inFlight + 1, 'until', string.format('%.0f', now + ARGV[6]))
redis.call('PEXPIRE', KEYS[1], ARGV[7])
return 'entered'`;

/** KEYS place. ARGV topic, sequence or 0. */
export const LEAVE = `
local known = redis.call('HMGET', KEYS[1], 'topic', 'sequence', 'inFlight')
if known[1] ~= ARGV[1] then return 0 end
local sequence = tonumber(ARGV[2]) > tonumber(known[2]) and ARGV[2] or known[2]
redis.call('HSET', KEYS[1], 'sequence', sequence, 'inFlight', math.max(0, tonumber(known[3]) - 1))
return 1`;

export class RedisWriteFence implements WriteFence {
  constructor(
    private readonly commands: Commands,
    private readonly keys: Keys,
  ) {}

  async enter(userId: UserId, kind: TopicKind, route: WriteRoute, after?: LastWrite): Promise<Entry> {
    const answer = await this.commands.eval(
      "fence",
      ENTER,
      [this.keys.lastWrite(userId, kind)],
      [
        route.topicId,
        route.registryVersion,
        route.userVersion,
        after?.topicId ?? "",
        after?.sequence ?? 0,
        IN_FLIGHT_MS,
        KEEP_MS,
      ],
    );
    if (answer === "entered" || answer === "outdated") return { kind: answer };
    if (!Array.isArray(answer) || answer.length !== 3)
      throw new TierUnavailable("redis", "Redis: the fence answered nothing");
    const [topicId, sequence, inFlight] = answer as [TopicId, string, number];
    return { kind: "elsewhere", last: { topicId, sequence: Number(sequence) }, isBusy: Number(inFlight) > 0 };
  }

  async leave(userId: UserId, kind: TopicKind, topicId: TopicId, sequence: number | null): Promise<void> {
    await this.commands.eval("fence", LEAVE, [this.keys.lastWrite(userId, kind)], [topicId, sequence ?? 0]);
  }
}
