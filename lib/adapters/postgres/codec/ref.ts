/** A message's place as one number, `topic_no · 2^40 + sequence`: half the width of the two, in rows and in their index. Room for MAX_SEQUENCE. */
export const REF_SHIFT = 40;

/** As many messages of one user may claim one time: enough for any mirror but one that makes times up. */
const MAX_AT_ONE_TIME = 1_000;
/** Above it the sum below would be no int64 any more. */
const LAST_NS = 2n ** 63n - 1n - BigInt(MAX_AT_ONE_TIME);

const lastOf = (message: string) => `least(${message}, ${LAST_NS}) + ${MAX_AT_ONE_TIME - 1}`;

/** The times that a row of a message of this time may have: the message's own, or one of the next nanoseconds. */
export const timesOf = (message: string): string => `generate_series(${message}, ${lastOf(message)})`;

/** Whether a row may be of a message of this time. */
export const isTimeOf = (row: string, message: string): string => `${row} BETWEEN ${message} AND ${lastOf(message)}`;
