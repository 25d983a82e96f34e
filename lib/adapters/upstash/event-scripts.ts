/** Scripts of the event bus. */
import { IS_LARGER } from "./hot-scripts";
import { EXPIRE_FROM } from "./view-scripts";

/**
 * Expires the views that a commit concerns, raises the topic's published cursor, numbers the event and publishes it: all of it
 * or nothing. KEYS number of the last event, hash of topic → cursor, generation, then the views. ARGV channel, topic, cursor, ms
 * that numbers and cursors are kept, token of a new generation (which expires everything) or '', ms that one is kept, event.
 * Answers the event's number.
 */
export const PUBLISH = `${IS_LARGER}${EXPIRE_FROM}
if ARGV[5] ~= '' then redis.call('SET', KEYS[3], ARGV[5], 'PX', ARGV[6]) end
expireFrom(4)
if isLarger(ARGV[3], redis.call('HGET', KEYS[2], ARGV[2]) or '0') then
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
local number = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[1], string.format('%.0f', number) .. ' ' .. ARGV[7])
return number`;

/** KEYS number of the last event. A script, so that it is read where it is written and not from a copy that lags. */
export const LAST_SEQUENCE = `
return redis.call('GET', KEYS[1]) or '0'`;

/** KEYS hash of topic → cursor. ARGV topic. */
export const LAST_PUBLISHED = `
return redis.call('HGET', KEYS[1], ARGV[1]) or '0'`;
