/** Recorded messages in the mirror's JSON, made into topics that serve them as they are. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { type ConsensusNs, parseConsensusTime } from "@/lib/core/ledger/consensus-time";
import { type AccountId, parseAccountId, parseTopicId, type TopicId } from "@/lib/core/ledger/ids";
import type { DevnetMessage } from "./ledger/types";

/** The members that a recorded message needs to be found. All others are served untouched. */
const recorded = z.looseObject({
  consensus_timestamp: z.string(),
  message: z.string(),
  sequence_number: z.int().min(1),
  topic_id: z.string(),
  payer_account_id: z.string().nullish(),
  running_hash: z.string().nullish(),
  running_hash_version: z.int().nullish(),
});
const recording = z.union([z.array(recorded), z.object({ messages: z.array(recorded) }).transform((o) => o.messages)]);

export interface RecordedTopic {
  readonly topicId: TopicId;
  readonly messages: readonly DevnetMessage[];
  readonly json: readonly unknown[];
}

/** Reads a recording: a file's path, the mirror's list answer, or its messages. In any order, of any topics. */
export function readRecording(source: unknown): RecordedTopic[] {
  const value = typeof source === "string" ? JSON.parse(readFileSync(source, "utf8")) : source;
  const parsed = recording.safeParse(value);
  if (!parsed.success) throw new Error("a recording is the mirror's JSON: {messages:[{sequence_number, …}]}");
  const topics = new Map<TopicId, { message: DevnetMessage; json: unknown }[]>();
  for (const json of parsed.data) {
    const message = toMessage(json);
    const entries = topics.get(message.topicId) ?? [];
    topics.set(message.topicId, entries);
    entries.push({ message, json });
  }
  return [...topics].map(([topicId, entries]) => {
    entries.sort((a, b) => a.message.sequence - b.message.sequence);
    return { topicId, messages: entries.map((e) => e.message), json: entries.map((e) => e.json) };
  });
}

function toMessage(json: z.infer<typeof recorded>): DevnetMessage {
  const topicId = parseTopicId(json.topic_id);
  const consensusNs = parseConsensusTime(json.consensus_timestamp);
  if (!topicId || !consensusNs) throw new Error(`a recorded message has a bad topic id or time: ${json.topic_id}`);
  return {
    topicId,
    sequence: json.sequence_number,
    consensusNs: consensusNs as ConsensusNs,
    payer: parseAccountId(json.payer_account_id ?? "") ?? ("0.0.0" as AccountId),
    bytes: Buffer.from(json.message, "base64"),
    runningHash: json.running_hash ? Buffer.from(json.running_hash, "base64") : null,
    runningHashVersion: json.running_hash_version ?? null,
    chunk: null,
    recordedJson: JSON.stringify(json),
  };
}
