/**
 * A mirror's list of blocks, without those that end after a time. The head of the list says through when a mirror has everything, so
 * a server that is behind must not hand on blocks that it has not read yet.
 */
import { type ConsensusNs, parseConsensusTime } from "../ledger/consensus-time";

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Blocks that a mirror is asked for beyond a page: 40 s of them, far more than this server is behind when all is well. */
const MORE = 20;
const MOST = 100;

/** How many blocks to ask a mirror for, so that the newest `limit` of them are left. */
export const blocksToAsk = (limit: number): number => Math.min(limit + MORE, MOST);

const endOf = (block: unknown): ConsensusNs | null => {
  const to = isFields(block) && isFields(block.timestamp) ? block.timestamp.to : null;
  return typeof to === "string" ? parseConsensusTime(to) : null;
};

export interface HeldList {
  /** Null: not known. */
  readonly throughNs: ConsensusNs | null;
  /** The newest blocks that were asked for, where the list is of these; null: the list stays as long as it is. */
  readonly limit: number | null;
  /** The ledger may rest. A reader takes blocks that stand still for that, so they may not stand still because of us. */
  readonly mayRest: boolean;
}

/** On a ledger that may rest, blocks are not told at all where this server is further behind than that. */
const RESTING_NS = 10_000_000_000n;

/**
 * The list as JSON without the blocks that end after `throughNs` or have not ended; null if nothing is left of a list that had
 * some, or it is not a list.
 */
export function heldBlocks(body: string, { throughNs, limit, mayRest }: HeldList): string | null {
  const json: unknown = JSON.parse(body);
  if (!isFields(json) || !Array.isArray(json.blocks)) return null;
  const blocks: unknown[] = json.blocks;
  const told = blocks.filter((block) => {
    const end = endOf(block);
    return end !== null && throughNs !== null && end <= throughNs;
  });
  const [newest] = blocks.map(endOf);
  const isFarBehind = throughNs !== null && newest != null && newest - throughNs > RESTING_NS;
  if (told.length === 0 || (mayRest && isFarBehind)) return null;
  const page = limit === null ? told : told.slice(0, limit);
  const last = page.at(-1);
  const isMore = page.length < told.length && isFields(last);
  const isEndHeld = told.at(-1) !== blocks.at(-1);
  const next = isMore ? `/api/v1/blocks?limit=${limit}&order=desc&block.number=lt:${String(last.number)}` : null;
  const links = isMore || isEndHeld ? { next } : json.links;
  return JSON.stringify({ ...json, blocks: page, links });
}
