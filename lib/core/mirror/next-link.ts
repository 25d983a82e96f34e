import type { Order, Spelled } from "./message-query";

/** Comparisons that the next page replaces by its own. */
const PASSED: Readonly<Record<Order, RegExp>> = { asc: /gte?:/, desc: /lte?:/ };

/**
 * A mirror's link to the next page, as a path from the root. Address and parameters stay. The comparison of times that the page
 * began at is replaced by one that begins after the page's last message.
 */
export function nextLink(path: string, spelled: Spelled, order: Order, lastTimestamp: string): string {
  const times = spelled.get("timestamp") ?? [];
  const kept = times.filter((text) => !PASSED[order].test(text));
  const parameters = new Map(spelled);
  // A name that loses its only value moves to the end, as in the mirror's links.
  if (times.length === 1 && kept.length === 0) parameters.delete("timestamp");
  // Exact times stay as they are: there is nothing after them.
  const isExact = times.length > 0 && !times.some((text) => /[gl]te?:/.test(text));
  if (!isExact) parameters.set("timestamp", [...kept, `${order === "asc" ? "gt" : "lt"}:${lastTimestamp}`]);
  const pairs = [...parameters].flatMap(([name, values]) => values.map((value) => `${name}=${value}`));
  return `${path.replace(/\/$/, "")}?${pairs.join("&")}`;
}
