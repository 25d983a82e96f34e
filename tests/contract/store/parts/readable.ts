/** Recent messages as people with psql read them: the view and its function say the same as the app's own codec. */
import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { toShorthand } from "@/lib/adapters/postgres/codec/shorthand";
import type { LogEntry } from "@/lib/core/signals/batch";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, topic } from "@/tests/support/worlds/histories/batches";
import { VECTORS } from "../../../support/repository/vectors";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const R = topic("0.0.9");
const bytes = (text: string) => new TextEncoder().encode(text);

export function readableContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addTopics(
      store.registry,
      [T, R].map((topicId) => ({ topicId, kinds: ["contact"] })),
    );
  });

  const textsOf = async (messages: readonly Uint8Array[]) => {
    const kept = messages.map((message) => Buffer.from(toShorthand(message)).toString("hex"));
    const rows = await rawQuery(
      store.db,
      "SELECT message_text(decode(x.hex, 'hex')) AS text FROM unnest($1::text[]) WITH ORDINALITY x (hex, ord) ORDER BY x.ord",
      [kept],
    );
    return rows.map(({ text }) => text);
  };

  it("a message is shown as its text, and bytes that are no text by their digits", async () => {
    const forms = VECTORS.flatMap(({ message }) => (message === undefined ? [] : [JSON.stringify(message)]));
    expect(forms.length).toBeGreaterThan(50);
    expect(await textsOf(forms.map(bytes))).toEqual(forms);
    expect(await textsOf([Uint8Array.of(), Uint8Array.of(0xba, 1, 0x80), bytes("a\0b"), bytes("\u0001é")])).toEqual([
      ...["", "\\xba0180", "\\x610062", "\u0001é"],
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json(), { minLength: 1, maxLength: 20 }), async (texts) => {
        expect(await textsOf(texts.map(bytes))).toEqual(texts);
      }),
      { numRuns: 20 },
    );
  });

  it("a message is listed with its topic, number, time, payer and what became of it, in words", async () => {
    const request = { type: "CONTACT_REQUEST", actor: "tm-a", target: "tm-b" };
    const entries: readonly Partial<LogEntry>[] = [
      {},
      { disposition: "part", verification: "unverifiable", reason: "no-payer" },
      { disposition: "undecodable", reason: "not-json" },
      { disposition: "untrusted", reason: "untrusted-payer" },
      { disposition: "failed", verification: "failed", reason: "hash-mismatch" },
      { disposition: "unproven", signature: "open" },
      { body: bytes("the whole message") },
    ];
    const committed = batchOf(
      T,
      0,
      entries.map((entry, i) => ({ ...request, entry, message: bytes(`{"type":"CONTACT_REQUEST","from":"${i}"}`) })),
    );
    await store.sync.commit(committed);
    await store.sync.commit(batchOf(R, 0, [request]));
    const rows = await rawQuery(
      store.db,
      `SELECT sequence::int AS sequence, extract(epoch FROM consensus_time)::bigint::text AS time, payer, verification,
        disposition, reason, message FROM recent_messages WHERE topic_id = '${T}' ORDER BY ref`,
    );
    expect(rows).toEqual(
      committed.entries.map(({ sequence, consensusNs, payer, verification, disposition, reason, message, body }) => ({
        ...{ sequence, payer, verification, disposition, reason, time: String(consensusNs / 1_000_000_000n) },
        message: new TextDecoder().decode(body ?? message),
      })),
    );
  });
}
