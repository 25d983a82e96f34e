/** A message's place as one number, `topic_no · 2^40 + sequence`: half the width of the two, in rows and in their index. */
export const REF_SHIFT = 40;

/** Larger than any sequence: what a `ref` has room for. */
export const MAX_SEQUENCE = 2 ** REF_SHIFT - 1;
