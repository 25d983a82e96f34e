/**
 * A mirror's list of blocks, without those that end after a time. A reader takes the newest block as the time through which a mirror
 * has everything. So a server that lags must not pass on blocks whose messages it has not stored yet.
 */
import { type ConsensusNs, parseConsensusTime } from "../ledger/consensus-time";

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Blocks to request beyond a page: 40 s of them, far more than this server lags when all is well. */
const MORE = 20;
const MOST = 100;

/** How many blocks to request, so that `limit` of them are left after the newest ones are held back. */
export const blocksToAsk = (limit: number): number => Math.min(limit + MORE, MOST);

const endOf = (block: unknown): ConsensusNs | null => {
  const to = isFields(block) && isFields(block.timestamp) ? block.timestamp.to : null;
  return typeof to === "string" ? parseConsensusTime(to) : null;
};

/** Decides which blocks of a list are passed on. */
export interface HeldList {
  /** Everything up to this time is stored. Null if that is not known. */
  readonly throughNs: ConsensusNs | null;
  /** The page size of a request for the newest blocks. Null for any other request: then the list is not cut. */
  readonly limit: number | null;
  /** On this network no block may come for a while. Readers then take an old block as the head, so we must not make it look old. */
  readonly mayRest: boolean;
}

/** On such a network, no list is sent if this server lags by more than this. */
const RESTING_NS = 10_000_000_000n;

/**
 * The list as JSON without the blocks that have not ended by `throughNs`. Null if `body` is not a list of blocks, or if none is left
 * of it.
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
