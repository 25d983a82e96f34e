/**
 * Scripts of the shared views. A view is a hash:
 *
 *   v  the packed view            x  present where it must be loaded again
 *   l  token of the lease         u  until when it is held, ms of Redis' own clock
 *   g  the generation it is of    (another than the network's: expired, and its lease over)
 *
 * An entry leaves as a whole by its time to live. A lookup either renews this time for the entry and for the user's other views that live
 * with it, or renews nothing. In the second case the entry leaves that long after it was filled (core/cache-strategy).
 */
import { HISTORY } from "./history";

/**
 * Looks up a view, and takes its lease if it must be loaded. KEYS and ARGV are named in the script's first lines. The views that live
 * with it follow the other keys.
 *
 * - `renews`: 1 if reading renews the time to live, `ttlMs`. `generationMs`: how long a generation is kept.
 * - `token`: names the caller's lease, and the generation if there is none.
 * - `knownNumber`, `knownMark`, `knownEpoch`: the history that the caller knows (history.ts).
 *
 * Answers one of
 *
 * - {0, packed view, ms left}: a hit
 * - {1, packed view or nothing, stamp}: the caller has the lease, and loads the view
 * - {2, packed view or nothing, stamp}: somebody else loads it
 * - {3, standing, epoch}: Redis and the caller know different histories
 *
 * There is always a generation. If its absence counted as one, a view filled while there was none would be valid again as soon
 * as the key is gone (evicted, or its time over). A miss renews the generation, so that it lasts as long as it is used.
 */
export const LOOKUP = `${HISTORY}
local view, generationKey, sequence, history = unpack(KEYS, 1, 4)
local ttlMs, leaseMs, token, renews, generationMs, knownNumber, knownMark, knownEpoch = unpack(ARGV)
local where, epoch, stamp = standing(sequence, history, knownNumber, knownMark, knownEpoch)
if where ~= 0 then return {3, where, epoch} end
local function renew()
  if renews == '1' then
    for i = 5, #KEYS do redis.call('PEXPIRE', KEYS[i], ttlMs) end
  else
    local leftMs = redis.call('PTTL', view)
    if leftMs >= 0 then return leftMs end
  end
  redis.call('PEXPIRE', view, ttlMs)
  return tonumber(ttlMs)
end
local entry = redis.call('HMGET', view, 'v', 'x', 'l', 'u', 'g')
local generation = redis.call('GET', generationKey)
local isOld = not generation or entry[5] ~= generation
if entry[1] and not entry[2] and not isOld then
  return {0, entry[1], renew()}
end
if generation then
  redis.call('PEXPIRE', generationKey, generationMs)
else
  generation = token
  redis.call('SET', generationKey, generation, 'PX', generationMs)
end
local now = nowMs()
if entry[3] and entry[3] ~= token and not isOld and tonumber(entry[4]) > now then
  return {2, entry[1], stamp}
end
redis.call('HSET', view, 'x', '1', 'l', token, 'u', string.format('%.0f', now + leaseMs), 'g', generation)
renew()
return {1, entry[1], stamp}`;

/** KEYS view, generation. ARGV ttlMs, token, packed view. Answers 1 if it was taken. */
export const FILL = `
local entry = redis.call('HMGET', KEYS[1], 'l', 'g')
if entry[1] ~= ARGV[2] or entry[2] ~= redis.call('GET', KEYS[2]) then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[3])
redis.call('HDEL', KEYS[1], 'x', 'l', 'u')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`;

/** KEYS view. ARGV token. */
export const RELEASE = `
if redis.call('HGET', KEYS[1], 'l') == ARGV[1] then redis.call('HDEL', KEYS[1], 'l', 'u') end
return 1`;

/**
 * KEYS generation, then views. Answers for each view {position, read at, bytes of its body, 1 if it is fresh}, or nothing. It changes
 * nothing, and the bodies stay in Redis.
 */
export const HELD = `
local generation = redis.call('GET', KEYS[1])
local held = {}
for i = 2, #KEYS do
  local entry = redis.call('HMGET', KEYS[i], 'v', 'x', 'g')
  local position, readMs, etag = string.match(entry[1] or '', '^(%d+)\\n(%d+)\\n([^\\n]*)\\n')
  if position then
    local head = #position + #readMs + #etag + 3
    local isFresh = not entry[2] and generation and entry[3] == generation
    held[i - 1] = {position, readMs, #entry[1] - head, isFresh and 1 or 0}
  else
    held[i - 1] = {}
  end
end
return held`;

/** A function for other scripts: expires the views KEYS[first] and following. A missing view needs no mark. */
export const EXPIRE_FROM = `
local function expireFrom(first)
  for i = first, #KEYS do
    if redis.call('EXISTS', KEYS[i]) == 1 then
      redis.call('HSET', KEYS[i], 'x', '1')
      redis.call('HDEL', KEYS[i], 'l', 'u')
    end
  end
end`;

/** KEYS views. */
export const EXPIRE = `${EXPIRE_FROM}
expireFrom(1)
return 1`;

/** KEYS generation. ARGV a token that was never used before, ms that it is kept. */
export const EXPIRE_ALL = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;
