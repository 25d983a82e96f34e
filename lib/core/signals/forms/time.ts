/** The times that messages say in words. Every server reads them alike, whatever its own zone is. */

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ]([\d:.]+))?(Z|[+-]\d\d:\d\d)?$/;

/** Reads ISO 8601 as milliseconds since 1970. A time without a zone is UTC. Null for all other text. */
export function msOfIso(text: string): number | null {
  const [, date, time = "00:00", zone = "Z"] = ISO.exec(text) ?? [];
  const ms = Date.parse(`${date}T${time}${zone}`);
  return Number.isNaN(ms) ? null : ms;
}
