/** Scripts of the event bus. */
import { HISTORY } from "./history";
import { IS_LARGER } from "./hot-scripts";
import { EXPIRE_FROM } from "./view-scripts";

/**
 * Expires the views that a commit concerns, raises the topic's published cursor, numbers the event and publishes it: all of it
 * or nothing. KEYS number of the last event, history, hash of topic → cursor, generation, then the views. ARGV channel, topic,
 * cursor, ms that numbers and cursors are kept, token of a new generation (which expires everything) or '', ms that one is kept,
 * event, its mark, number and mark of the last event that is known. Answers {number, 1 where Redis has gone back}.
 */
export const PUBLISH = `${IS_LARGER}${HISTORY}${EXPIRE_FROM}
local isBack = wentBack(KEYS[1], KEYS[2], ARGV[9], ARGV[10])
if ARGV[5] ~= '' then redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[6]) end
expireFrom(5)
if isLarger(ARGV[3], redis.call('HGET', KEYS[3], ARGV[2]) or '0') then
  redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
end
redis.call('PEXPIRE', KEYS[3], ARGV[4])
local number = redis.call('INCR', KEYS[1])
markEvent(KEYS[2], number, ARGV[8])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PUBLISH', ARGV[1], string.format('%.0f', number) .. ' ' .. ARGV[7])
return {number, isBack and 1 or 0}`;

/**
 * Where Redis has gone back, and nobody was first: expires everything, goes on above the number that is known, and tells all.
 * KEYS number of the last event, history, generation. ARGV channel, token of the new generation, ms that one is kept, ms that
 * numbers are kept, event, its mark, number and mark of the last event that is known. Answers {number and mark of the last event}.
 */
export const START_OVER = `${HISTORY}
if wentBack(KEYS[1], KEYS[2], ARGV[7], ARGV[8]) then
  redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
  local number = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[7])) + 1
  redis.call('SET', KEYS[1], string.format('%.0f', number), 'PX', ARGV[4])
  redis.call('HSET', KEYS[2], 'from', string.format('%.0f', number))
  markEvent(KEYS[2], number, ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  redis.call('PUBLISH', ARGV[1], string.format('%.0f', number) .. ' ' .. ARGV[5])
end
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
return {last, redis.call('HGET', KEYS[2], slotOf(last)) or ''}`;

/**
 * KEYS number of the last event, history. ARGV number and mark of the last event that is known. Answers {number and mark of the
 * last event, 1 where Redis has gone back}. A script, so that it is read where it is written and not from a copy that lags.
 */
export const LAST_EVENT = `${HISTORY}
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local isBack = wentBack(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
return {last, redis.call('HGET', KEYS[2], slotOf(last)) or '', isBack and 1 or 0}`;

/** KEYS hash of topic → cursor. ARGV topic. */
export const LAST_PUBLISHED = `
return redis.call('HGET', KEYS[1], ARGV[1]) or '0'`;
