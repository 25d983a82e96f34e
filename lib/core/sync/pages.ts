/** How a topic is read from a mirror: in pages, and on a backlog in several page-sized ranges at once. */

/**
 * The public mirror cuts longer pages to this size (docs/hedera.md §1). Other mirrors may give less, so a reader counts what
 * came.
 */
export const PAGE = 100;

/** Ranges in flight on a backlog. Five pages make a batch of 500, where a commit is cheapest. */
export const RANGES = 5;
