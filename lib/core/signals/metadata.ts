/**
 * Bounds a sender's own text for display: a message may hold 20 KB, and a page of a hundred of them 2 MB. Honest messages are
 * far below the bound and pass unchanged. In others long text is cut, members that do not fit are left out, and a mark says so.
 */
type Json = Readonly<Record<string, unknown>>;

/** The bound of the JSON, in UTF-16 units. The longest field that has a meaning here is a biography of 2,000 characters. */
export const MAX_METADATA_CHARACTERS = 4_096;
const MAX_STRING_CHARACTERS = 500;
const CUT = "…";
/** Says that something was left out; no member of any form has this name. */
export const CUT_MARK = "…";

/** Stands for a message that is too long to be read for a view. */
export const CUT_METADATA: Json = { [CUT_MARK]: "cut" };

/** The same object if it is small enough, else as much of it as fits. The decoder has bounded its depth. */
export function boundedMetadata(metadata: Json): Json {
  if (JSON.stringify(metadata).length <= MAX_METADATA_CHARACTERS) return metadata;
  const budget = { left: MAX_METADATA_CHARACTERS - JSON.stringify({ [CUT_MARK]: "cut" }).length };
  const kept = members(Object.entries(metadata), budget);
  return Object.fromEntries([...kept, [CUT_MARK, "cut"]]);
}

interface Budget {
  left: number;
}

/** Members from the first on, while there is room. A member costs its JSON and the comma before the next. */
function members(entries: readonly (readonly [string, unknown])[], budget: Budget): [string, unknown][] {
  const kept: [string, unknown][] = [];
  budget.left -= 2;
  for (const [name, value] of entries) {
    const nameCost = JSON.stringify(name).length + 2;
    if (nameCost >= budget.left) break;
    budget.left -= nameCost;
    const fitting = bounded(value, budget);
    if (fitting === undefined) break;
    kept.push([name, fitting]);
  }
  return kept;
}

function bounded(value: unknown, budget: Budget): unknown {
  if (typeof value !== "object" || value === null) return spent(cut(value), budget);
  if (budget.left < 2) return undefined;
  if (!Array.isArray(value)) return Object.fromEntries(members(Object.entries(value), budget));
  const kept: unknown[] = [];
  budget.left -= 2;
  for (const item of value) {
    budget.left -= 1;
    const fitting = bounded(item, budget);
    if (fitting === undefined) break;
    kept.push(fitting);
  }
  return kept;
}

function spent(value: unknown, budget: Budget): unknown {
  const cost = JSON.stringify(value).length;
  if (cost > budget.left) return undefined;
  budget.left -= cost;
  return value;
}

const cut = (value: unknown) =>
  typeof value === "string" && value.length > MAX_STRING_CHARACTERS
    ? value.slice(0, MAX_STRING_CHARACTERS).toWellFormed() + CUT
    : value;
