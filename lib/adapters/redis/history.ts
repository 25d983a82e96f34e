/**
 * Notices a Redis that has lost events: it came back from an older snapshot, was emptied, or a replica that lagged took over.
 * Its views are then older than commits that instances know, and nothing shows it.
 *
 * Every event has a number and a mark, and Redis keeps the marks of the last events. An instance sends the last event that it
 * knows along with other commands. Redis has gone back if its number is lower, or if that number now belongs to another event.
 * The instance that notices starts over (event-bus.ts): everything shared expires, and numbers go on above all known ones.
 *
 * In a Redis Cluster each partition (`lib/adapters/redis/client/keys.ts`) has its own events, with numbers and marks, because each
 * partition may lose events alone. An event that is announced carries the numbers that it took in other partitions, and partition 0 keeps
 * the last one of each (its heads). So whoever knows an event of the channel knows the last event of every partition.
 *
 * The epoch of positions works the same way: views of an earlier epoch than an instance knows expire, and an instance that
 * knows an earlier epoch than Redis learns the new one before it gets a view. So does the stamp of the store
 * (ports/store/store-stamp): a reader who loads a view for all learns how far the store must have come, and notices a store
 * that went back.
 */
import type { StoreStamp } from "../../ports/store/store-stamp";

/** The last known event. Sequence 0: none. */
export interface KnownEvent {
  readonly sequence: number;
  /** Identifies the event among all events ever; empty for none. */
  readonly mark: string;
}

/** Marks that Redis keeps. An instance that is further behind cannot tell whether its history is still Redis' own. */
const MARKS = 100;

/**
 * Functions for scripts. `standing(number key, history key, known number, known mark, known epoch)` answers standing, epoch and stamp;
 * `markEvent` remembers the mark of an event, and `raiseStamp` the stamp of the store. The standing is 1 if Redis has lost an event or an
 * epoch that the caller knows and nobody has started over since; 2 if Redis is in a later epoch than the caller; else 0. It is also 1 while
 * a start over was not announced to everybody (`untold`: its number), because their caches may be older than that start over.
 * `headsSince(heads key, number, last)` answers the heads, unless the caller knows them all through the last event.
 *
 * The history is a hash. It has a slot for each of the last marks, which holds `<number> <mark>`. `from` is the number of the event with
 * which an instance last started over, which settled every earlier loss. `epoch` is the epoch. `since` is when the present memory of nonces
 * began, in ms of Redis' own clock. `remembersAnew` begins it again, and `memoryMs` answers its age.
 */
export const HISTORY = `
local function slotOf(number) return 'm' .. string.format('%.0f', number % ${MARKS}) end
local function markEvent(history, number, mark)
  redis.call('HSET', history, slotOf(number), string.format('%.0f', number) .. ' ' .. mark)
end
local function raiseStamp(history, stamp)
  if tonumber(stamp) > tonumber(redis.call('HGET', history, 'stamp') or '0') then redis.call('HSET', history, 'stamp', stamp) end
end
local function hasLost(sequence, known, mark, slot, from)
  if known == 0 then return false end
  if tonumber(redis.call('GET', sequence) or '0') < known then return true end
  if not slot or known < from then return false end
  local keptNumber, keptMark = string.match(slot, '^(%d+) (.*)$')
  return tonumber(keptNumber) == known and keptMark ~= mark
end
local function standing(sequence, history, knownNumber, knownMark, knownEpoch, isTelling)
  local known, epochHere = tonumber(knownNumber), tonumber(knownEpoch)
  local kept = redis.call('HMGET', history, slotOf(known), 'from', 'epoch', 'stamp', 'untold')
  local epoch = tonumber(kept[3] or '0')
  if kept[5] and not isTelling then return 1, epoch, '0' end
  if epoch < epochHere or hasLost(sequence, known, knownMark, kept[1], tonumber(kept[2] or '0')) then return 1, epoch, '0' end
  return epoch > epochHere and 2 or 0, epoch, kept[4] or '0'
end
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function remembersAnew(history) redis.call('HSET', history, 'since', string.format('%.0f', nowMs())) end
local function headsSince(heads, known, last)
  if tonumber(known) == last then return {} end
  return redis.call('HGETALL', heads)
end
local function memoryMs(history) return nowMs() - tonumber(redis.call('HGET', history, 'since')) end`;

/** Short, since each event's mark is kept and sent: eight hexadecimal digits tell a few thousand instances apart. */
export const markOf = (instanceId: string, turn: number): string => `${instanceId.slice(0, 8)}-${turn}`;

/** The event in a slot of the history, or a head; null if there is none. */
export function eventIn(slot: unknown): KnownEvent | null {
  const [, sequence, mark = ""] = /^(\d+) (.*)$/.exec(String(slot)) ?? [];
  return sequence === undefined ? null : { sequence: Number(sequence), mark };
}

/** The last event as a script answers it: its number, and the slot that should hold it. Null if Redis does not know its mark. */
export function keptEvent(sequence: unknown, slot: unknown): KnownEvent | null {
  const event = eventIn(slot);
  return event !== null && event.sequence === Number(sequence) ? event : null;
}

/** The last event of a partition other than 0. */
export interface Head extends KnownEvent {
  readonly partition: number;
}

/** An instance's knowledge of one partition. */
interface Known {
  event: KnownEvent;
  /** See History.unsettledIn. */
  doubtful: KnownEvent | null;
}

/** This instance's knowledge of the history of events. It reacts if Redis knows less, or more. */
export class History {
  private readonly known: readonly Known[];
  private knownEpoch = 0;
  /** The heads are known through this event of the channel. */
  private headsThrough = 0;
  /** The stamp of the store; null before the app has told it. */
  store: Pick<StoreStamp, "highest" | "learn"> | null = null;
  /** Called each time it is noticed that Redis has gone back. */
  onWentBack: () => void = () => {};
  /** Called when Redis is in a later epoch. */
  onEpoch: (epoch: number) => void = () => {};

  constructor(readonly partitions = 1) {
    this.known = Array.from({ length: partitions }, () => ({ event: { sequence: 0, mark: "" }, doubtful: null }));
  }

  /**
   * The last event that was seen in a partition that had lost others; null once somebody has started over with it. Until then no view
   * of the partition is believed: it may go back once more, to a state in which this event is lost and nothing else looks lost.
   */
  unsettledIn(partition: number): KnownEvent | null {
    return this.of(partition).doubtful;
  }

  /** Everything in the partition that was older than `event` has expired. */
  settle(event: KnownEvent | null, partition: number): void {
    if (this.of(partition).doubtful === event) this.of(partition).doubtful = null;
  }

  /** Arguments of a script: number and mark of the last known event of the partition, and the epoch. */
  argsIn(partition: number): readonly [number, string, number] {
    const { sequence, mark } = this.of(partition).event;
    return [sequence, mark, this.knownEpoch];
  }

  /** The event through which the heads are known, as an argument of `headsSince`. */
  get headsKnown(): number {
    return this.headsThrough;
  }

  learn(event: KnownEvent, partition = 0): void {
    const known = this.of(partition);
    if (event.sequence > known.event.sequence) known.event = event;
  }

  /** Takes an event of the channel, with the numbers that it took in other partitions. */
  learnAnnounced(event: KnownEvent, heads: readonly Head[]): void {
    this.learn(event);
    for (const head of heads) this.learnHead(head, false);
    if (event.sequence === this.headsThrough + 1) this.headsThrough = event.sequence;
  }

  /** Takes what `headsSince` has answered with event `last`. An empty list says that nothing else is known. */
  learnHeads(last: number, heads: unknown): void {
    this.headsThrough = last;
    if (!Array.isArray(heads)) return;
    for (let i = 0; i + 1 < heads.length; i += 2) {
      const event = eventIn(heads[i + 1]);
      if (event !== null) this.learnHead({ partition: Number(heads[i]), ...event }, true);
    }
  }

  /** The last known event of every other partition. */
  heads(): readonly Head[] {
    return this.known.flatMap(({ event }, partition) =>
      partition === 0 || event.sequence === 0 ? [] : [{ partition, ...event }],
    );
  }

  /** True if the epoch is new. */
  learnEpoch(epoch: number): boolean {
    if (epoch <= this.knownEpoch) return false;
    this.knownEpoch = epoch;
    return true;
  }

  /** The partition has lost events. `seen`: the last event that it has instead, as far as it is known. */
  goneBack(seen: KnownEvent | null, partition = 0): void {
    const known = this.of(partition);
    known.doubtful = seen ?? known.doubtful;
    this.onWentBack();
  }

  /**
   * Takes the standing that a script answered, with the last event that the partition has. True if it says that Redis and this
   * instance know different histories.
   */
  observe(standing: unknown, epoch: unknown, last: KnownEvent | null, partition = 0): boolean {
    if (standing === 1) this.goneBack(last, partition);
    else if (standing === 2 && this.learnEpoch(Number(epoch))) this.onEpoch(this.knownEpoch);
    return standing === 1 || standing === 2;
  }

  /**
   * Takes the head of another partition. If this instance knows another event with the same number, the partition has lost the event that
   * was announced first. Partition 0 keeps that event (`isFirst`), and a start over must find that it is missing.
   */
  private learnHead({ partition, sequence, mark }: Head, isFirst: boolean): void {
    if (partition === 0 || partition >= this.partitions) return;
    const known = this.of(partition);
    const isConflict = sequence === known.event.sequence && mark !== known.event.mark;
    if (isConflict && isFirst) known.event = { sequence, mark };
    this.learn({ sequence, mark }, partition);
    if (isConflict) this.goneBack(null, partition);
  }

  private of(partition: number): Known {
    const known = this.known[partition];
    if (known === undefined) throw new RangeError(`there is no partition ${partition}`);
    return known;
  }
}
