/** A closed interval: of sequence numbers, unless `T` says otherwise. It is empty if `to` is below `from`. */
export interface Interval<T = number> {
  readonly from: T;
  readonly to: T;
}

/** The same numbers as sorted intervals that neither overlap nor touch: `[3,3] [1,2] [5,5]` becomes `[1,3] [5,5]`. */
export function normalize(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = intervals.filter(({ from, to }) => from <= to).sort((a, b) => a.from - b.from);
  const merged: Interval[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last && next.from <= last.to + 1)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, next.to) };
    else merged.push({ from: next.from, to: next.to });
  }
  return merged;
}

/** The parts of `whole` that are not in `parts`: the missing ones. */
export function subtract(whole: Interval, parts: readonly Interval[]): readonly Interval[] {
  const missing: Interval[] = [];
  let from = whole.from;
  for (const part of normalize(parts)) {
    if (part.to < from) continue;
    if (part.from > whole.to) break;
    if (part.from > from) missing.push({ from, to: part.from - 1 });
    from = part.to + 1;
  }
  if (from <= whole.to) missing.push({ from, to: whole.to });
  return missing;
}

/** How many numbers the intervals hold. */
export function size(intervals: readonly Interval[]): number {
  return normalize(intervals).reduce((count, { from, to }) => count + to - from + 1, 0);
}
