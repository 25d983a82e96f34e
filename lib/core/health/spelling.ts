/** Mends and finds common mistakes in settings: white space and quotes around a value, and names that are nearly right. */

/** Quotes around a value: copying, editors of other systems and `.env` files leave them. */
const AROUND = /^(["'])(.*)\1$/s;

/** A setting's value without white space (line breaks too) and quotes around it. */
export function cleanValue(text: string): string {
  const trimmed = text.trim();
  const unquoted = AROUND.exec(trimmed)?.[2];
  return unquoted === undefined ? trimmed : unquoted.trim();
}

/** Below this a name is so short that unrelated ones are near it (PORT and SORT). */
const SHORTEST_COMPARED = 6;

/**
 * The name in `known` that `name` most likely stands for; null if none is near. Near is one slip in a name of six or seven
 * letters, two up to eleven, and a quarter of the letters of a longer one, so that a forgotten word is found too. `most` lowers
 * that limit if other programs have names of the same family.
 */
export function nearestName(name: string, known: readonly string[], most = Number.POSITIVE_INFINITY): string | null {
  let nearest: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const each of known) {
    const { length } = each;
    if (length < SHORTEST_COMPARED) continue;
    const allowed = Math.min(most, length < 8 ? 1 : Math.max(2, Math.floor(length / 4)));
    if (Math.abs(length - name.length) > allowed) continue;
    const found = distance(name, each);
    if (found > allowed || found >= least) continue;
    [nearest, least] = [each, found];
  }
  return nearest;
}

/** Edit distance: letters to insert, remove, replace, or swap with a neighbour (optimal string alignment). */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, (previous[j - 1] as number) + same);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) cost = Math.min(cost, (before[j - 2] as number) + 1);
      row.push(cost);
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length] as number;
}
