/** Scripts that begin and end a write. All their keys are one user's, so they lie in one slot. */
import { HISTORY } from "./history";
import { IS_LARGER, TAKE_TOKEN } from "./hot-scripts";

/**
 * KEYS bucket, attempt, then for a message: number of the last event, history, nonce, digest of its message, the claim of the nonce,
 * place. ARGV µs between tokens (0: nobody counts) and burst; digest of the attempt ('': none) and its ttlMs; then for a message:
 * nonce, digest, 1 if it is repeatable, id of the claim, topic, registry version, user version, topic and sequence that the caller
 * knows to be read back, ms that an entry lasts, ms that nonce and place are kept, what is known (history.ts), s until which a batch
 * with the message may be sent (0: it goes alone).
 *
 * The claim of a nonce holds its id, and the nonce and digest before it, for a nonce that is given back. It is deleted as soon as
 * the same message or one with a smaller nonce is claimed. That one may be sent, and the last nonce must not fall below it again.
 *
 * A digest is stored as <digest>@<s> if a batch with a message of the user may be sent until then. A version that knows no batches
 * takes that for the digest of another message, and refuses to repeat it. The time is forgotten when no such batch can arrive.
 *
 * Answers {'begun', how the nonce compares with the last one, for how many ms nonces have been remembered, that time or 0, standing,
 * epoch}, {'limited'},
 * {'attempt', what is stored}, {'used', the last nonce}, {'outdated'}, or {'elsewhere', topic, sequence, writes in flight}.
 */
export const BEGIN = `${IS_LARGER}${HISTORY}${TAKE_TOKEN}
local function isLaterNonce(a, b)
  local wholeA, partA = string.match(a, '^(%d+)%.?(%d*)$')
  local wholeB, partB = string.match(b, '^(%d+)%.?(%d*)$')
  if wholeA ~= wholeB then return isLarger(wholeA, wholeB) end
  return partA > partB
end
local function compared(nonce, digest, last, lastDigest)
  if not last then return 'unknown' end
  if last == nonce then return lastDigest == digest and 'same' or 'used' end
  return isLaterNonce(last, nonce) and 'older' or 'next'
end
if tonumber(ARGV[1]) > 0 and takeToken(KEYS[1], ARGV[1], ARGV[2], 0) < 0 then return {'limited'} end
local known = ARGV[3] ~= '' and redis.call('GET', KEYS[2])
if known then return {'attempt', known} end
local answer = {'begun'}
if #KEYS > 2 then
  local where, epoch = standing(KEYS[3], KEYS[4], ARGV[16], ARGV[17], ARGV[18])
  if where == 1 or redis.call('HEXISTS', KEYS[4], 'since') == 0 then
    remembersAnew(KEYS[4])
    redis.call('PEXPIRE', KEYS[4], ARGV[15])
  end
  local last, stored = redis.call('GET', KEYS[5]), redis.call('GET', KEYS[6]) or ''
  local lastDigest, batchedUntil = string.match(stored, '^([^@]*)@?(%d*)$')
  batchedUntil = tonumber(batchedUntil) or 0
  local kind = compared(ARGV[5], ARGV[6], last, lastDigest)
  local isNew = kind == 'next' or kind == 'unknown'
  if kind == 'used' or not isNew and ARGV[7] == '0' then return {'used', last} end
  local place = redis.call('HMGET', KEYS[8], 'topic', 'sequence', 'registry', 'user', 'inFlight', 'until')
  local now = nowMs()
  local topic, sequence = place[1], place[2] or '0'
  local registry, user = tonumber(place[3] or '0'), tonumber(place[4] or '0')
  local inFlight = tonumber(place[6] or '0') > now and tonumber(place[5] or '0') or 0
  local askedRegistry, askedUser = tonumber(ARGV[10]), tonumber(ARGV[11])
  if topic and topic ~= ARGV[9] then
    if askedRegistry < registry or askedUser < user then return {'outdated'} end
    if inFlight > 0 or ARGV[12] ~= topic or ARGV[13] ~= sequence then return {'elsewhere', topic, sequence, inFlight} end
    sequence, inFlight = '0', 0
  end
  redis.call('HSET', KEYS[8], 'topic', ARGV[9], 'sequence', sequence, 'registry', math.max(registry, askedRegistry),
    'user', math.max(user, askedUser), 'inFlight', inFlight + 1, 'until', string.format('%.0f', now + ARGV[14]))
  redis.call('PEXPIRE', KEYS[8], ARGV[15])
  if isNew then
    local before = ARGV[8] .. ' ' .. (last or '') .. ' ' .. stored
    local untilS = math.max(tonumber(ARGV[19]), batchedUntil * 1000 > now - ARGV[14] and batchedUntil or 0)
    redis.call('SET', KEYS[5], ARGV[5], 'PX', ARGV[15])
    redis.call('SET', KEYS[6], untilS > 0 and ARGV[6] .. '@' .. string.format('%.0f', untilS) or ARGV[6], 'PX', ARGV[15])
    redis.call('SET', KEYS[7], before, 'PX', ARGV[14])
  else
    redis.call('DEL', KEYS[7])
  end
  answer = {'begun', kind, memoryMs(KEYS[4]), batchedUntil, where, epoch}
end
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], 'r' .. ARGV[3], 'PX', ARGV[4]) end
return answer`;

/**
 * KEYS attempt, then for a message: nonce, digest of its message, the claim of the nonce, place. ARGV digest of the attempt ('':
 * none), 1 if it has an answer, the answer, its ttlMs; then for a message: topic, sequence or 0, nonce, id of the claim, 1 if nothing
 * was sent, ms that a nonce is kept.
 */
export const END = `
if ARGV[1] ~= '' then
  if ARGV[2] == '1' then
    redis.call('SET', KEYS[1], 'd' .. ARGV[1] .. '\\n' .. ARGV[3], 'PX', ARGV[4])
  elseif redis.call('GET', KEYS[1]) == 'r' .. ARGV[1] then
    redis.call('DEL', KEYS[1])
  end
end
if #KEYS == 1 then return 1 end
local claimId, nonce, digest = string.match(redis.call('GET', KEYS[4]) or '', '^(%S+) (%S*) (%S*)$')
if claimId == ARGV[8] then
  redis.call('DEL', KEYS[4])
  if ARGV[9] == '1' and redis.call('GET', KEYS[2]) == ARGV[7] then
    redis.call('DEL', KEYS[2], KEYS[3])
    if nonce ~= '' then redis.call('SET', KEYS[2], nonce, 'PX', ARGV[10]) end
    if digest ~= '' then redis.call('SET', KEYS[3], digest, 'PX', ARGV[10]) end
  end
end
local place = redis.call('HMGET', KEYS[5], 'topic', 'sequence', 'inFlight')
if place[1] ~= ARGV[5] then return 1 end
local sequence = tonumber(ARGV[6]) > tonumber(place[2]) and ARGV[6] or place[2]
redis.call('HSET', KEYS[5], 'sequence', sequence, 'inFlight', math.max(0, tonumber(place[3]) - 1))
return 1`;
