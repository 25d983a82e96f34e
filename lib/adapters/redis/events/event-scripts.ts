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
 * registry), numbers the event and publishes it: all of it or nothing. Partitions that only expire views name no channel. KEYS
 * number of the last event, history, hash of the number to raise, generation, heads, then the views. ARGV channel or '', field of
 * the number or '', the number, ms that numbers are kept, token of a new generation (which expires everything) or '', ms that one
 * is kept, event, its mark, then what is known (history.ts), stamp of the store, then partition, number and mark for each partition
 * that the event has a number in. Answers {number, standing, epoch}. A cursor of an earlier epoch than Redis is in says nothing, and
 * is not taken.
 */
export const PUBLISH = `${IS_LARGER}${HISTORY}${EXPIRE_FROM}${KEEP_HEADS}
local where, epoch = standing(KEYS[1], KEYS[2], ARGV[9], ARGV[10], ARGV[11])
if ARGV[5] ~= '' then redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[6]) end
expireFrom(6)
local isOfAnyEpoch = ARGV[2] == '${REGISTRY_FIELD}'
if ARGV[2] ~= '' and (where ~= 2 or isOfAnyEpoch) and isLarger(ARGV[3], redis.call('HGET', KEYS[3], ARGV[2]) or '0') then
  redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
end
redis.call('PEXPIRE', KEYS[3], ARGV[4])
local number = redis.call('INCR', KEYS[1])
markEvent(KEYS[2], number, ARGV[8])
raiseStamp(KEYS[2], ARGV[12])
keepHeads(KEYS[5], 13, ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
if ARGV[1] ~= '' then redis.call('PUBLISH', ARGV[1], string.format('%.0f', number) .. ' ' .. ARGV[7]) end
return {number, where, epoch}`;

/**
 * If the partition has gone back, or is in an earlier epoch, and no other instance was first: expires everything in it, continues the
 * numbers above the known one, and tells all instances. It does the same if an event is missing now that the caller saw after the partition
 * had gone back. In that case the partition has gone back a second time, to before any earlier start over. Cursors of an earlier epoch mean
 * nothing in this one, and are forgotten. KEYS number of the last event, history, hash of topic → cursor, generation, heads. ARGV channel,
 * token of the new generation, ms that one is kept, ms that numbers are kept, event, its mark, then what is known (history.ts), number and
 * mark of the event that was seen, or 0 and '', 1 if the memory of nonces must begin again in any case, because another partition may have
 * lost some, then partition, number and mark of each known head. Without a channel, it notes that all instances must still be told. Answers
 * {number and mark of the last event, 1 if it has started over, what the slot of a start over holds that must be told}.
 */
export const START_OVER = `${HISTORY}${KEEP_HEADS}
local where, epoch = standing(KEYS[1], KEYS[2], ARGV[7], ARGV[8], ARGV[9], true)
local seen = tonumber(ARGV[10])
local isSeenLost = seen > 0 and redis.call('HGET', KEYS[2], slotOf(seen)) ~= string.format('%.0f', seen) .. ' ' .. ARGV[11]
local startsOver = where == 1 or isSeenLost
keepHeads(KEYS[5], 13, ARGV[4])
if startsOver then
  redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[3])
  local number = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[7])) + 1
  redis.call('SET', KEYS[1], string.format('%.0f', number), 'PX', ARGV[4])
  redis.call('HSET', KEYS[2], 'from', string.format('%.0f', number))
  if epoch < tonumber(ARGV[9]) then
    redis.call('HSET', KEYS[2], 'epoch', ARGV[9])
    redis.call('DEL', KEYS[3])
  end
  remembersAnew(KEYS[2])
  markEvent(KEYS[2], number, ARGV[6])
  if ARGV[1] == '' then redis.call('HSET', KEYS[2], 'untold', string.format('%.0f', number)) end
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  if ARGV[1] ~= '' then redis.call('PUBLISH', ARGV[1], string.format('%.0f', number) .. ' ' .. ARGV[5]) end
elseif ARGV[12] == '1' then
  remembersAnew(KEYS[2])
  if redis.call('PTTL', KEYS[2]) == -1 then redis.call('PEXPIRE', KEYS[2], ARGV[4]) end
end
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local slot = redis.call('HGET', KEYS[2], slotOf(last)) or ''
local untold = redis.call('HGET', KEYS[2], 'untold')
return {last, slot, startsOver and 1 or 0, untold and redis.call('HGET', KEYS[2], slotOf(tonumber(untold)))}`;

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
