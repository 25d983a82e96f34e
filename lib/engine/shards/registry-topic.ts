/**
 * The registry on the ledger. The operator writes it; an instance that starts without a database of its own reads it. A message
 * counts only if the hash chain proves it and a trusted payer paid for it.
 */
import { kindOfChunk } from "../../core/ledger/chunks";
import type { TopicId } from "../../core/ledger/ids";
import type { Sha384 } from "../../core/ledger/running-hash";
import { advance, CHAIN_START, verifyNext } from "../../core/ledger/verify";
import { err, ok, type Result } from "../../core/result";
import { foldRegistry, type PublishedShard, publicationMessages, type RegistryMessage } from "../../core/shards/hcs2";
import type { Registry } from "../../core/shards/shards";
import { isTrusted, type TrustedPayers } from "../../core/signals/interpret";
import { PAGE } from "../../core/sync/pages";
import type { Ledger } from "../../ports/ledger/ledger";
import type { Submitter } from "../../ports/ledger/submitter";

export interface RegistryTopicDeps {
  readonly topicId: TopicId;
  readonly ledger: Ledger;
  readonly sha384: Sha384;
  readonly trustedPayers: TrustedPayers;
}

/** Each page is a round trip to the mirror, and a registry needs few. */
const MAX_PAGES = 1_000;

/** The published shards, or a sentence that says why they cannot be read. */
export async function readRegistryTopic(deps: RegistryTopicDeps): Promise<Result<readonly PublishedShard[], string>> {
  const messages: RegistryMessage[] = [];
  let head = CHAIN_START;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await deps.ledger.page({ topicId: deps.topicId, after: head.sequence, limit: PAGE });
    if (!answer.ok) return err(`the registry topic cannot be read: ${answer.error.message}`);
    if (answer.value.length === 0) return ok(foldRegistry(messages));
    for (const message of answer.value) {
      const verdict = verifyNext(deps.sha384, head, message);
      if (verdict.verification !== "verified")
        return err(`message ${message.sequence} of the registry topic does not follow from the ledger's hash chain`);
      head = advance(head, message, verdict);
      // A shard's message fits into one chunk several times over.
      if (!isTrusted(message.payer, null, deps.trustedPayers) || kindOfChunk(message.chunk) !== "whole") continue;
      messages.push({ sequence: message.sequence, text: new TextDecoder().decode(message.message) });
    }
  }
  return err("the registry topic has more messages than a registry could need");
}

/** Publishes the shards that the ledger does not have yet. It is safe to repeat. Returns the number of messages, or why it stopped. */
export async function publishRegistry(
  deps: RegistryTopicDeps & { readonly submitter: Submitter },
  registry: Registry,
): Promise<Result<number, string>> {
  const published = await readRegistryTopic(deps);
  if (!published.ok) return published;
  const texts = publicationMessages(registry, published.value);
  for (const text of texts) {
    const sent = await deps.submitter.submit(deps.topicId, new TextEncoder().encode(text));
    if (!sent.ok) return err(sent.error.message);
  }
  return ok(texts.length);
}
