/** Scripts that begin and end a write. All their keys are one user's, so they lie in one slot. */
import { HISTORY } from "./history";
import { IS_LARGER, TAKE_TOKEN } from "./hot-scripts";

/**
 * Begins a write: takes a token of the rate limit, claims the request and its message, and notes the topic that the message goes to.
 * KEYS and ARGV are named in the script's first lines. Those from `sequence` and `nonce` on are there for a message only.
 *
 * - `interval`: µs between tokens; 0: nothing is counted.
 * - `attemptDigest`: empty if the request has no idempotency key. `attemptTtlMs`: how long its claim is kept.
 * - `afterTopic`, `afterSequence`: the topic and sequence through which the caller has read back what was written.
 * - `inFlightMs`: how long a claim and a write in flight count. `keepMs`: how long nonces and places are kept.
 * - `knownNumber`, `knownMark`, `knownEpoch`: the history that the caller knows (history.ts).
 * - `batchedUntilS`: until when a batch with the message may be sent, in s; 0: the message goes alone.
 *
 * The claim of a nonce holds its id, and the nonce and digest before it, for a nonce that is given back. It is deleted as soon as
 * the same message or one with a smaller nonce is claimed. That one may be sent, and the last nonce must not fall below it again.
 *
 * A digest is stored as <digest>@<s> if a batch with a message of the user may be sent until then. A version that knows no batches
 * takes that for the digest of another message, and refuses to repeat it. The time is forgotten when no such batch can arrive.
 *
 * Answers one of
 *
 * - {'begun', how the nonce compares with the last one, ms for which nonces have been remembered, `batchedUntilS` of the stored digest
 *   or 0, standing, epoch}; {'begun'} for a request without a message
 * - {'limited'}: no token is left
 * - {'attempt', what is stored}: the idempotency key is known
 * - {'used', the last nonce}
 * - {'outdated'}: the caller's registry or route is older than the one that the last write followed
 * - {'elsewhere', topic, sequence, writes in flight}: the last write went to another topic, and is not read back
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
local bucket, attempt, sequence, history, nonceKey, digestKey, claimKey, placeKey = unpack(KEYS)
local interval, burst, attemptDigest, attemptTtlMs, nonce, digest, repeatable, claimId, topic, registry, user, afterTopic,
  afterSequence, inFlightMs, keepMs, knownNumber, knownMark, knownEpoch, batchedUntilS = unpack(ARGV)
if tonumber(interval) > 0 and takeToken(bucket, interval, burst, 0) < 0 then return {'limited'} end
local known = attemptDigest ~= '' and redis.call('GET', attempt)
if known then return {'attempt', known} end
local answer = {'begun'}
if nonce then
  local where, epoch = standing(sequence, history, knownNumber, knownMark, knownEpoch)
  if where == 1 or redis.call('HEXISTS', history, 'since') == 0 then
    remembersAnew(history)
    redis.call('PEXPIRE', history, keepMs)
  end
  local last, stored = redis.call('GET', nonceKey), redis.call('GET', digestKey) or ''
  local lastDigest, storedUntil = string.match(stored, '^([^@]*)@?(%d*)$')
  local storedUntilS = tonumber(storedUntil) or 0
  local kind = compared(nonce, digest, last, lastDigest)
  local isNew = kind == 'next' or kind == 'unknown'
  if kind == 'used' or not isNew and repeatable == '0' then return {'used', last} end
  local place = redis.call('HMGET', placeKey, 'topic', 'sequence', 'registry', 'user', 'inFlight', 'until')
  local now = nowMs()
  local lastTopic, lastSequence = place[1], place[2] or '0'
  local lastRegistry, lastUser = tonumber(place[3] or '0'), tonumber(place[4] or '0')
  local inFlight = tonumber(place[6] or '0') > now and tonumber(place[5] or '0') or 0
  if lastTopic and lastTopic ~= topic then
    if tonumber(registry) < lastRegistry or tonumber(user) < lastUser then return {'outdated'} end
    if inFlight > 0 or afterTopic ~= lastTopic or afterSequence ~= lastSequence then
      return {'elsewhere', lastTopic, lastSequence, inFlight}
    end
    lastSequence, inFlight = '0', 0
  end
  redis.call('HSET', placeKey, 'topic', topic, 'sequence', lastSequence, 'registry', math.max(lastRegistry, tonumber(registry)),
    'user', math.max(lastUser, tonumber(user)), 'inFlight', inFlight + 1, 'until', string.format('%.0f', now + inFlightMs))
  redis.call('PEXPIRE', placeKey, keepMs)
  if isNew then
    local before = claimId .. ' ' .. (last or '') .. ' ' .. stored
    local untilS = math.max(tonumber(batchedUntilS), storedUntilS * 1000 > now - inFlightMs and storedUntilS or 0)
    redis.call('SET', nonceKey, nonce, 'PX', keepMs)
    redis.call('SET', digestKey, untilS > 0 and digest .. '@' .. string.format('%.0f', untilS) or digest, 'PX', keepMs)
    redis.call('SET', claimKey, before, 'PX', inFlightMs)
  else
    redis.call('DEL', claimKey)
  end
  answer = {'begun', kind, memoryMs(history), storedUntilS, where, epoch}
end
if attemptDigest ~= '' then redis.call('SET', attempt, 'r' .. attemptDigest, 'PX', attemptTtlMs) end
return answer`;

/**
 * Ends a write: stores the answer of its request, or gives up the request's claim. KEYS and ARGV are named in the script's first lines.
 * Those from `nonceKey` and `topic` on are there for a message only.
 *
 * - `attemptDigest`: empty if the request has no idempotency key. `hasAnswer`: 1 if its answer is kept, for `attemptTtlMs`.
 * - `sequence`: where the message was written; 0 if that is not known.
 * - `isUnsent`: 1 if nothing was sent. Then the nonce is given back, unless a later write has claimed another one.
 * - `keepMs`: how long a nonce is kept.
 */
export const END = `
local attempt, nonceKey, digestKey, claimKey, placeKey = unpack(KEYS)
local attemptDigest, hasAnswer, answer, attemptTtlMs, topic, sequence, nonce, claimId, isUnsent, keepMs = unpack(ARGV)
if attemptDigest ~= '' then
  if hasAnswer == '1' then
    redis.call('SET', attempt, 'd' .. attemptDigest .. '\\n' .. answer, 'PX', attemptTtlMs)
  elseif redis.call('GET', attempt) == 'r' .. attemptDigest then
    redis.call('DEL', attempt)
  end
end
if not nonce then return 1 end
local claimed, nonceBefore, digestBefore = string.match(redis.call('GET', claimKey) or '', '^(%S+) (%S*) (%S*)$')
if claimed == claimId then
  redis.call('DEL', claimKey)
  if isUnsent == '1' and redis.call('GET', nonceKey) == nonce then
    redis.call('DEL', nonceKey, digestKey)
    if nonceBefore ~= '' then redis.call('SET', nonceKey, nonceBefore, 'PX', keepMs) end
    if digestBefore ~= '' then redis.call('SET', digestKey, digestBefore, 'PX', keepMs) end
  end
end
local place = redis.call('HMGET', placeKey, 'topic', 'sequence', 'inFlight')
if place[1] ~= topic then return 1 end
local latest = tonumber(sequence) > tonumber(place[2]) and sequence or place[2]
redis.call('HSET', placeKey, 'sequence', latest, 'inFlight', math.max(0, tonumber(place[3]) - 1))
return 1`;
