/** Scripts of the event bus. */
import { HISTORY } from "../history";
import { IS_LARGER, REGISTRY_FIELD } from "../hot-scripts";
import { EXPIRE_FROM } from "../view-scripts";

/** Keeps the numbers that an event took in other partitions: ARGV[first] and following are partition, number and mark of each. */
const KEEP_HEADS = `
local function keepHeads(heads, first, ttlMs)
  for i = first, #ARGV, 3 do
    local kept = string.match(redis.call('HGET', heads, ARGV[i]) or '0 ', '^(%d+) ')
    if tonumber(ARGV[i + 1]) > tonumber(kept) then redis.call('HSET', heads, ARGV[i], ARGV[i + 1] .. ' ' .. ARGV[i + 2]) end
  end
  redis.call('PEXPIRE', heads, ttlMs)
end`;

/**
 * Expires the views that an event concerns in this partition, raises one number (a topic's published cursor, or the version of the
 * registry), numbers the event and publishes it: all of it or nothing. KEYS and ARGV are named in the script's first lines. The views
 * follow the other keys.
 *
 * - `channel`: empty in partitions that only expire views.
 * - `field`, `value`: the number to raise, as a field of the hash `numbers`; an empty field: none. A cursor of an earlier epoch than
 *   Redis is in is not raised.
 * - `generation`: the token of a new generation, which expires everything, kept for `generationMs`; empty: none.
 * - `mark`: the event's mark. `knownNumber`, `knownMark`, `knownEpoch`: the history that the caller knows (history.ts).
 * - `stamp`: the stamp of the store.
 * - Then follow partition, number and mark for each other partition that the event has a number in.
 *
 * Answers {number, standing, epoch}.
 */
export const PUBLISH = `${IS_LARGER}${HISTORY}${EXPIRE_FROM}${KEEP_HEADS}
local sequence, history, numbers, generationKey, heads = unpack(KEYS, 1, 5)
local channel, field, value, keepMs, generation, generationMs, event, mark, knownNumber, knownMark, knownEpoch, stamp =
  unpack(ARGV, 1, 12)
local where, epoch = standing(sequence, history, knownNumber, knownMark, knownEpoch)
if generation ~= '' then redis.call('SET', generationKey, generation, 'PX', generationMs) end
expireFrom(6)
local isOfAnyEpoch = field == '${REGISTRY_FIELD}'
if field ~= '' and (where ~= 2 or isOfAnyEpoch) and isLarger(value, redis.call('HGET', numbers, field) or '0') then
  redis.call('HSET', numbers, field, value)
end
redis.call('PEXPIRE', numbers, keepMs)
local number = redis.call('INCR', sequence)
markEvent(history, number, mark)
raiseStamp(history, stamp)
keepHeads(heads, 13, keepMs)
redis.call('PEXPIRE', sequence, keepMs)
redis.call('PEXPIRE', history, keepMs)
if channel ~= '' then redis.call('PUBLISH', channel, string.format('%.0f', number) .. ' ' .. event) end
return {number, where, epoch}`;

/**
 * If the partition has gone back, or is in an earlier epoch, and no other instance was first: expires everything in it, continues the
 * numbers above the known one, and tells all instances. It does the same if an event is missing now that the caller saw after the partition
 * had gone back. In that case the partition has gone back a second time, to before any earlier start over. KEYS and ARGV are named in the
 * script's first lines.
 *
 * - `cursors`: hash of topic → cursor. Cursors of an earlier epoch mean nothing in this one, and are forgotten.
 * - `channel`: empty where the caller announces the start over later. The script then notes that all instances must still be told.
 * - `generation`: the token of the new generation, kept for `generationMs`. `keepMs`: how long numbers are kept.
 * - `knownNumber`, `knownMark`, `knownEpoch`: the history that the caller knows (history.ts).
 * - `seenNumber`, `seenMark`: the event that the caller saw after the partition had gone back; 0 and '' if there was none.
 * - `forgetsNonces`: 1 if the memory of nonces must begin again in any case, because another partition may have lost some.
 * - Then follow partition, number and mark of each known head.
 *
 * Answers {number of the last event, its mark, 1 if the partition has started over, what the slot of a start over holds that must be told}.
 */
export const START_OVER = `${HISTORY}${KEEP_HEADS}
local sequence, history, cursors, generationKey, heads = unpack(KEYS, 1, 5)
local channel, generation, generationMs, keepMs, event, mark, knownNumber, knownMark, knownEpoch, seenNumber, seenMark,
  forgetsNonces = unpack(ARGV, 1, 12)
local where, epoch = standing(sequence, history, knownNumber, knownMark, knownEpoch, true)
local seen = tonumber(seenNumber)
local isSeenLost = seen > 0 and redis.call('HGET', history, slotOf(seen)) ~= string.format('%.0f', seen) .. ' ' .. seenMark
local startsOver = where == 1 or isSeenLost
keepHeads(heads, 13, keepMs)
if startsOver then
  redis.call('SET', generationKey, generation, 'PX', generationMs)
  local number = math.max(tonumber(redis.call('GET', sequence) or '0'), tonumber(knownNumber)) + 1
  redis.call('SET', sequence, string.format('%.0f', number), 'PX', keepMs)
  redis.call('HSET', history, 'from', string.format('%.0f', number))
  if epoch < tonumber(knownEpoch) then
    redis.call('HSET', history, 'epoch', knownEpoch)
    redis.call('DEL', cursors)
  end
  remembersAnew(history)
  markEvent(history, number, mark)
  if channel == '' then redis.call('HSET', history, 'untold', string.format('%.0f', number)) end
  redis.call('PEXPIRE', history, keepMs)
  if channel ~= '' then redis.call('PUBLISH', channel, string.format('%.0f', number) .. ' ' .. event) end
elseif forgetsNonces == '1' then
  remembersAnew(history)
  if redis.call('PTTL', history) == -1 then redis.call('PEXPIRE', history, keepMs) end
end
local last = tonumber(redis.call('GET', sequence) or '0')
local slot = redis.call('HGET', history, slotOf(last)) or ''
local untold = redis.call('HGET', history, 'untold')
return {last, slot, startsOver and 1 or 0, untold and redis.call('HGET', history, slotOf(tonumber(untold)))}`;

/** KEYS history. ARGV number of a start over that everybody was told of. A later one must still be told. */
export const TOLD = `
if redis.call('HGET', KEYS[1], 'untold') == ARGV[1] then redis.call('HDEL', KEYS[1], 'untold') end
return 1`;

/**
 * KEYS number of the last event, history, heads. ARGV what is known (history.ts), number through which the heads are known. Answers {number
 * and mark of the last event, standing, epoch, heads}. This is a script, so that it is read on the writing server and not from a replica
 * that lags.
 */
export const LAST_EVENT = `${HISTORY}
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local where, epoch = standing(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
return {last, redis.call('HGET', KEYS[2], slotOf(last)) or '', where, epoch, headsSince(KEYS[3], ARGV[4], last)}`;

/** KEYS hash of topic → cursor, number of the last event. ARGV topic. Answers {cursor, number}. */
export const LAST_PUBLISHED = `
return {redis.call('HGET', KEYS[1], ARGV[1]) or '0', redis.call('GET', KEYS[2]) or '0'}`;
