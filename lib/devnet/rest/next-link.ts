import type { Query } from "./query-params";

const CONTINUES = { asc: /gte?:/, desc: /lte?:/ } as const;

/**
 * The mirror's link to the next page: the same path and parameters, with the comparison that the page has moved past
 * replaced by one that starts after the page's last message. The devnet stands for a real mirror, so it does not share the code
 * of `core/mirror/next-link`, whose faults it would then hide.
 */
export function nextLink(path: string, query: Query, order: "asc" | "desc", lastTimestamp: string): string {
  const continued = new Map(query);
  const values = continued.get("timestamp");
  const insert = `${order === "asc" ? "gt" : "lt"}:${lastTimestamp}`;
  const kept = values?.filter((value) => !CONTINUES[order].test(value)) ?? [];
  if (values && values.length === 1 && kept.length === 0) continued.delete("timestamp");
  // An exact time stays alone: there is no page after it.
  const exact = values !== undefined && !values.some((value) => /[gl]te?:/.test(value));
  if (!exact) continued.set("timestamp", [...kept, insert]);
  const pairs = [...continued].flatMap(([name, all]) => all.map((value) => `${name}=${value}`));
  return `${path.endsWith("/") ? path.slice(0, -1) : path}?${pairs.join("&")}`;
}
