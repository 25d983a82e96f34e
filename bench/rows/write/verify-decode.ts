/** How fast messages are verified against the hash chain and decoded. */

import { advance, CHAIN_START, type ChainHead, verifyNext } from "@/lib/core/ledger/verify";
import { decodeMessage } from "@/lib/core/signals/envelope";
import { chainOf, sha384 } from "@/tests/support/mirrors/chain";
import { median, spread } from "../../support/statistics";
import type { BenchRow } from "../../types";

const MESSAGES = 20_000;
const RUNS = 7;

const NOTE = "Thank you for the careful review of the treasury proposal; it saved us a week. ".repeat(2);
const BODIES = [
  (i: number) => ({
    hcs: "21",
    v: "1.0",
    type: i % 7,
    from: `tm-user-${i % 500}`,
    nonce: i,
    ts: 1_790_000_000 + i,
    payload: { target: `tm-user-${(i + 7) % 500}`, handle: "Somebody Else", note: NOTE },
  }),
  (i: number) => ({
    type: "CONTACT_ACCEPT",
    from: { acct: `0.0.${7_000_000 + i}`, handle: "01" },
    to: { acct: `0.0.${8_000_000 + i}`, handle: "03" },
    note: NOTE,
  }),
  (i: number) => ({
    kind: "RECOGNITION_MINT",
    recognitionId: "team-player",
    owner: `tm-user-${i}`,
    actor: `tm-user-${i + 1}`,
    note: NOTE,
  }),
];

function perSecond(work: () => void): readonly number[] {
  work();
  return Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint();
    work();
    return MESSAGES / (Number(process.hrtime.bigint() - start) / 1e9);
  });
}

export const names = ["verify.messages_per_s", "decode.messages_per_s"];

export async function run(): Promise<readonly BenchRow[]> {
  const pieces = Array.from({ length: MESSAGES }, (_, i) => ({
    body: (BODIES[i % BODIES.length] as (i: number) => object)(i),
  }));
  const messages = chainOf("0.0.1001", pieces);
  const bytes = messages.reduce((sum, { message }) => sum + message.length, 0) / MESSAGES;
  const verify = perSecond(() => {
    let head: ChainHead = CHAIN_START;
    for (const message of messages) {
      const verdict = verifyNext(sha384, head, message);
      if (verdict.verification !== "verified") throw new Error("the bench's own chain does not verify");
      head = advance(head, message, verdict);
    }
  });
  const decode = perSecond(() => {
    for (const { message } of messages)
      if (!decodeMessage(message).ok) throw new Error("the bench's own message does not decode");
  });
  const text = messages.map(({ message }) => new TextDecoder().decode(message));
  const parse = perSecond(() => {
    for (const each of text) JSON.parse(each);
  });
  // The unavoidable work: two digests for each message, and the JSON of each body.
  const digests = perSecond(() => {
    for (const { message } of messages) {
      sha384(message);
      sha384(PREIMAGE);
    }
  });
  const ratio = (ours: readonly number[], bare: readonly number[]) => (median(ours) / median(bare)).toFixed(2);
  return [
    {
      name: "verify.messages_per_s",
      value: median(verify),
      unit: "messages/s",
      detail: `at least 50,000; ${Math.round(bytes)} bytes each; ${ratio(verify, digests)} of two bare SHA-384; ${spread(verify)}`,
    },
    {
      name: "decode.messages_per_s",
      value: median(decode),
      unit: "messages/s",
      detail: `${ratio(decode, parse)} of bare JSON.parse; ${spread(decode)}`,
    },
  ];
}

/** As long as the bytes that one running hash covers. */
const PREIMAGE = new Uint8Array(211);
