/** Scripts of the event bus. */
import { HISTORY } from "../history";
import { IS_LARGER, REGISTRY_FIELD } from "../hot-scripts";
import { EXPIRE_FROM } from "../view-scripts";

/**
 * Expires the views that an event concerns, raises one number (a topic's published cursor, or the version of the registry), numbers
 * the event and publishes it: all of it or nothing. KEYS number of the last event, history, hash of the number to raise, generation,
 * then the views. ARGV channel, field of the number or '', the number, ms that numbers are kept, token of a new generation (which
 * expires everything) or '', ms that one is kept, event, its mark, then what is known (history.ts), stamp of the store. Answers
 * {number, standing, epoch}. A cursor of an earlier epoch than Redis is in says nothing, and is not taken.
 */
export const PUBLISH = `${IS_LARGER}${HISTORY}${EXPIRE_FROM}
local where, epoch = standing(KEYS[1], KEYS[2], ARGV[9], ARGV[10], ARGV[11])
if ARGV[5] ~= '' then redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[6]) end
expireFrom(5)
local isOfAnyEpoch = ARGV[2] == '${REGISTRY_FIELD}'
if ARGV[2] ~= '' and (where ~= 2 or isOfAnyEpoch) and isLarger(ARGV[3], redis.call('HGET', KEYS[3], ARGV[2]) or '0') then
  redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
end
redis.call('PEXPIRE', KEYS[3], ARGV[4])
local number = redis.call('INCR', KEYS[1])
markEvent(KEYS[2], number, ARGV[8])
raiseStamp(KEYS[2], ARGV[12])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PUBLISH', ARGV[1], string.format('%.0f', number) .. ' ' .. ARGV[7])
return {number, where, epoch}`;

/**
 * If Redis has gone back, or is in an earlier epoch, and no other instance was first: expires everything, goes on above the
 * known number, and tells all. It does the same if an event that the caller saw after Redis had gone back is missing now: Redis
 * has then gone back a second time, to before any earlier start over. Cursors of an earlier epoch mean nothing in this one, and
 * are forgotten. KEYS number of the last event, history, hash of topic → cursor, generation. ARGV channel, token of the new generation, ms that one is kept, ms
 * that numbers are kept, event, its mark, then what is known (history.ts), number and mark of the event that was seen, or 0 and
 * ''. Answers {number and mark of the last event, 1 if it has started over}.
 */
export const START_OVER = `${HISTORY}
local where, epoch = standing(KEYS[1], KEYS[2], ARGV[7], ARGV[8], ARGV[9])
local seen = tonumber(ARGV[10])
local isSeenLost = seen > 0 and redis.call('HGET', KEYS[2], slotOf(seen)) ~= string.format('%.0f', seen) .. ' ' .. ARGV[11]
local startsOver = where == 1 or isSeenLost
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
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  redis.call('PUBLISH', ARGV[1], string.format('%.0f', number) .. ' ' .. ARGV[5])
end
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
return {last, redis.call('HGET', KEYS[2], slotOf(last)) or '', startsOver and 1 or 0}`;

/**
 * KEYS number of the last event, history. ARGV what is known (history.ts). Answers {number and mark of the last event,
 * standing, epoch}. A script, so that it is read on the writing server and not from a copy that lags.
 */
export const LAST_EVENT = `${HISTORY}
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local where, epoch = standing(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
return {last, redis.call('HGET', KEYS[2], slotOf(last)) or '', where, epoch}`;

/** KEYS hash of topic → cursor, number of the last event. ARGV topic. Answers {cursor, number}. */
export const LAST_PUBLISHED = `
return {redis.call('HGET', KEYS[1], ARGV[1]) or '0', redis.call('GET', KEYS[2]) or '0'}`;
