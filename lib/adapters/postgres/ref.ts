/** A message's place as one number, `topic_no · 2^40 + sequence`: half the width of the two, in rows and in their index. Room for MAX_SEQUENCE. */
export const REF_SHIFT = 40;
