/**
 * Scripts for what instances agree on. Numbers that do not fit a double (nanoseconds) are compared as decimal strings
 * without leading zeros: first by length, then digit by digit.
 */
import { HISTORY } from "./history";

export const IS_LARGER = `
local function isLarger(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end`;

/** The field of the watermarks' hash that holds the version of the registry. No topic id looks like it. */
export const REGISTRY_FIELD = "registry";

/** KEYS a key that nothing else uses. Writes it, so that a Redis that is full or read-only fails, and deletes it again. */
export const PING = `
redis.call('SET', KEYS[1], '1', 'PX', 1000)
return redis.call('DEL', KEYS[1])`;

/** KEYS gate. ARGV ttlMs. Answers 1 to the caller who passes. */
export const PASS_GATE = `
return redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) and 1 or 0`;

/**
 * A round of demand: raises the watermarks and other numbers that the caller knows, answers the latest ones, and says for each topic
 * whether the caller syncs it now. KEYS and ARGV are named in the script's first lines. A gate for each topic follows the other keys;
 * topic and watermark of each follow the first arguments.
 *
 * - `period`: the gate period, in ms. `keepMs`: how long watermarks are kept.
 * - `knownNumber`, `knownMark`, `knownEpoch`: the history that the caller knows (history.ts).
 * - `headsKnown`: the number of the event through which the caller knows the heads.
 * - `aheadS`: seconds by which a watermark may be ahead of Redis' clock. `earlyMs`: ms by which a sync may be early. `savedMs`: how much
 *   time without a sync this sync may use.
 *
 * Answers {number of the last event, its mark, standing, epoch, version of the registry, stamp, ms of Redis' clock, heads, then
 * watermark and the wait in ms for each topic}. A wait of 0: the caller syncs the topic.
 *
 * A gate's value is the time at which it opens. Its time to live is how far ahead of now the syncs so far have used gate periods up, as
 * in the generic cell rate algorithm (core/sync/sync-gate): each uses one, and at most two are used ahead. So time without a sync is saved
 * by itself. A wait of more than a period means that Redis' clock was set back: the gate is open.
 *
 * A watermark is valid in its epoch only. One that is too far ahead of Redis' clock is deleted.
 */
export const ROUND = `${IS_LARGER}${HISTORY}
local sequence, history, watermarks, heads = unpack(KEYS, 1, 4)
local period, keepMs, registryVersion, stampKnown, knownNumber, knownMark, knownEpoch, headsKnown = unpack(ARGV, 1, 8)
local aheadS, earlyMs, savedMs = unpack(ARGV, #ARGV - 2, #ARGV)
local function latestOf(name, mine)
  local latest = redis.call('HGET', watermarks, name) or '0'
  if not isLarger(mine, latest) then return latest end
  redis.call('HSET', watermarks, name, mine)
  return mine
end
local time = redis.call('TIME')
local limit = string.format('%.0f', time[1] + aheadS) .. '000000000'
local function isAhead(word)
  local ns = string.gsub(string.sub(word, -20), '^0+', '')
  return isLarger(ns, limit)
end
local function vouchedFor(name, mine)
  local latest = redis.call('HGET', watermarks, name)
  if latest and isAhead(latest) then redis.call('HDEL', watermarks, name) end
  return latestOf(name, isAhead(mine) and '0' or mine)
end
local now = time[1] * 1000 + math.floor(time[2] / 1000)
period = tonumber(period)
local function waitAt(gate)
  local shut = tonumber(redis.call('GET', gate) or '0') - now - earlyMs
  local used = math.max(redis.call('PTTL', gate), 0)
  local wait = math.min(shut, used - savedMs)
  if wait > 0 and wait <= period then return wait end
  redis.call('SET', gate, string.format('%.0f', now + period), 'PX', math.min(used, period) + period)
  return 0
end
local last = tonumber(redis.call('GET', sequence) or '0')
raiseStamp(history, stampKnown)
local where, epoch, stamp = standing(sequence, history, knownNumber, knownMark, knownEpoch)
local mark = redis.call('HGET', history, slotOf(last)) or ''
local answer = {last, mark, where, epoch, latestOf('${REGISTRY_FIELD}', registryVersion), stamp, now,
  headsSince(heads, headsKnown, last)}
for i = 5, #KEYS do
  answer[#answer + 1] = vouchedFor(ARGV[2 * i - 1] .. '@' .. knownEpoch, ARGV[2 * i])
  answer[#answer + 1] = waitAt(KEYS[i])
end
redis.call('PEXPIRE', watermarks, keepMs)
if redis.call('PTTL', history) == -1 then redis.call('PEXPIRE', history, keepMs) end
return answer`;

/**
 * KEYS leases. ARGV owner, ttlMs, then 1 or 0 for each lease: whether the caller is live. A lease holds that digit and its owner.
 * Answers 2 for each lease that is the caller's now, else the digit of its holder.
 */
export const LEASE = `
local answer = {}
for i, lease in ipairs(KEYS) do
  local known = redis.call('GET', lease)
  if known and string.sub(known, 2) ~= ARGV[1] then
    answer[i] = tonumber(string.sub(known, 1, 1))
  else
    redis.call('SET', lease, ARGV[i + 2] .. ARGV[1], 'PX', ARGV[2])
    answer[i] = 2
  end
end
return answer`;

/** KEYS leases. ARGV owner. */
export const RELEASE_LEASES = `
for _, lease in ipairs(KEYS) do
  if string.sub(redis.call('GET', lease) or '', 2) == ARGV[1] then redis.call('DEL', lease) end
end
return 1`;

/**
 * A function for scripts: `takeToken(bucket, µs between tokens, burst, longest wait in µs)` answers the wait in ms, or -1 if it would be
 * too long. A leaky bucket as one number (GCRA): the time, in µs of Redis' clock, at which the bucket would be full again. The key expires
 * once the bucket is full.
 */
export const TAKE_TOKEN = `
local function takeToken(bucket, interval, burst, longest)
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local full = math.max(tonumber(redis.call('GET', bucket) or '0'), now)
  local wait = math.max(0, full + interval - now - burst * interval)
  if wait > tonumber(longest) then return -1 end
  full = full + interval
  redis.call('SET', bucket, string.format('%.0f', full), 'PX', string.format('%.0f', math.ceil((full - now) / 1000) + 1000))
  return math.ceil(wait / 1000)
end`;

/** KEYS budget. ARGV µs between tokens, burst, longest wait in µs. Answers the wait in ms, or -1 if it would be too long. */
export const RESERVE = `${TAKE_TOKEN}
return takeToken(KEYS[1], ARGV[1], ARGV[2], ARGV[3])`;

/**
 * KEYS attempt. ARGV digest, ttlMs. Answers null to the first caller. To the others: 'r' and the digest while
 * the first one runs, then 'd', the digest, a line break and the answer.
 */
export const ATTEMPT = `
local known = redis.call('GET', KEYS[1])
if known then return known end
redis.call('SET', KEYS[1], 'r' .. ARGV[1], 'PX', ARGV[2])
return false`;

/** KEYS attempt. ARGV digest, answer, ttlMs. */
export const FINISH = `
redis.call('SET', KEYS[1], 'd' .. ARGV[1] .. '\\n' .. ARGV[2], 'PX', ARGV[3])
return 1`;

/** KEYS attempt. Deletes a running attempt. A stored answer stays. */
export const ABANDON = `
if string.sub(redis.call('GET', KEYS[1]) or '', 1, 1) == 'r' then redis.call('DEL', KEYS[1]) end
return 1`;
