/**
 * Read floors: a tab's next read must contain what the tab wrote. Each write leaves a floor for its topic, which the following
 * reads send as `If-Min-Sequence`. A floor is dropped after a minute: by then the ledger has the message or never will.
 */
const FLOOR_LIFETIME_MS = 60_000;

interface Floor {
  readonly sequence: number;
  readonly expiresAtMs: number;
}

const floors = new Map<string, Floor>();

/** `minSequence` of a submit answer: `<topicId>=<sequence>`. */
export function raiseFloor(minSequence: string, nowMs: number = Date.now()): void {
  const match = /^(\d+\.\d+\.\d+)=(\d+)$/.exec(minSequence);
  if (!match) return;
  const [, topicId = "", text = "0"] = match;
  const sequence = Math.max(Number(text), floors.get(topicId)?.sequence ?? 0);
  floors.set(topicId, { sequence, expiresAtMs: nowMs + FLOOR_LIFETIME_MS });
}

/** The header with the floors that have not expired; an empty object if there are none. */
export function floorHeader(nowMs: number = Date.now()): Record<string, string> {
  for (const [topicId, floor] of floors) if (floor.expiresAtMs <= nowMs) floors.delete(topicId);
  if (floors.size === 0) return {};
  const list = [...floors].map(([topicId, floor]) => `${topicId}=${floor.sequence}`);
  return { "if-min-sequence": list.join(",") };
}

/** Forgets all floors, for the next person who signs in. */
export function dropFloors(): void {
  floors.clear();
}
