/**
 * Notices a Redis that has lost what it had told: it came back from an older snapshot, was emptied, or a replica that lagged took
 * over. Its views are then older than commits that instances know of, and look as good as ever.
 *
 * Every event has a number and a mark of its own, and Redis keeps the marks of the last events. An instance sends the last event
 * that it knows of with commands that it sends anyway. Redis has gone back if its number is lower, or if that number now belongs
 * to another event. Whoever notices starts over (event-bus.ts): everything shared is expired, and numbers go on above all known.
 */

/** The last event that somebody knows of. Sequence 0: none. */
export interface KnownEvent {
  readonly sequence: number;
  /** Names the event among all events ever; empty for none. */
  readonly mark: string;
}

/** Marks that Redis keeps. Who is further behind than this cannot be told whether its history is still Redis' own. */
const MARKS = 100;

/**
 * Functions for scripts. `wentBack(number key, history key, known number, known mark)` is true where Redis has lost an event that
 * the caller knows of, and nobody has started over since. `markEvent` remembers the mark of an event.
 *
 * The history is a hash: a slot for each of the last marks, holding `<number> <mark>`, and `from`: the number of the event with
 * which somebody started over last. What was known before that one is settled.
 */
export const HISTORY = `
local function slotOf(number) return 'm' .. string.format('%.0f', number % ${MARKS}) end
local function markEvent(history, number, mark)
  redis.call('HSET', history, slotOf(number), string.format('%.0f', number) .. ' ' .. mark)
end
local function wentBack(sequence, history, knownNumber, knownMark)
  local known = tonumber(knownNumber)
  if known == 0 then return false end
  if tonumber(redis.call('GET', sequence) or '0') < known then return true end
  local kept = redis.call('HMGET', history, slotOf(known), 'from')
  if not kept[1] or known < tonumber(kept[2] or '0') then return false end
  local number, mark = string.match(kept[1], '^(%d+) (.*)$')
  return tonumber(number) == known and mark ~= knownMark
end`;

/** The last event as a script answers it: its number, and the slot that should hold it. Null where Redis does not know its mark. */
export function keptEvent(sequence: unknown, slot: unknown): KnownEvent | null {
  const [, number, mark = ""] = /^(\d+) (.*)$/.exec(String(slot)) ?? [];
  return number !== undefined && Number(number) === Number(sequence) ? { sequence: Number(sequence), mark } : null;
}

/** What this instance knows of the history of events, and who does something about it where Redis knows less. */
export class History {
  private event: KnownEvent = { sequence: 0, mark: "" };
  /** Called, as often as it is noticed, when Redis has gone back. */
  onWentBack: () => void = () => {};

  get known(): KnownEvent {
    return this.event;
  }

  learn(event: KnownEvent): void {
    if (event.sequence > this.event.sequence) this.event = event;
  }

  /** Takes an answer of a script: whether Redis has gone back. */
  heed(wentBack: unknown): boolean {
    if (wentBack !== 1) return false;
    this.onWentBack();
    return true;
  }
}
