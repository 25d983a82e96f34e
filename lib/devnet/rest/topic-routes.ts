/** `/topics/…`: the list of messages, one message, and the topic itself. */
import { type ConsensusNs, formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { messageView } from "../faults/message-faults";
import type { DevnetMessage, Topic } from "../ledger/types";
import { notFound, okJson, type RestAnswer, RestError } from "./answer";
import { keyJson } from "./key-json";
import { lowerBound, type MirrorView } from "./mirror-view";
import { nextLink } from "./next-link";
import {
  checkQuery,
  intervalOf,
  isEncoding,
  isOrder,
  isPositiveLong,
  isTimestamp,
  lastValue,
  limitOf,
  numberFilters,
  orderOf,
  type Query,
  timestampFilters,
} from "./query-params";

const LIST_PARAMS = {
  encoding: isEncoding,
  limit: isPositiveLong,
  order: isOrder,
  sequencenumber: isPositiveLong,
  timestamp: isTimestamp,
};

/** `0.0.7`, `0.7` and `7` are the same topic; null if the text is not an entity id. */
export function entityIdOf(text: string): string | null {
  const match = /^(?:(?:(\d{1,4})\.)?(\d{1,5})\.)?(\d{1,12})$/.exec(text);
  return match && `${Number(match[1] ?? 0)}.${Number(match[2] ?? 0)}.${Number(match[3])}`;
}

/** `GET /topics/{id}/messages`. */
export function listMessages(view: MirrorView, path: string, idText: string, query: Query): RestAnswer {
  const id = entityIdOf(idText);
  if (!id) throw new RestError(400, ["Invalid parameter: topic.id"]);
  checkQuery(query, LIST_PARAMS);
  const sequences = intervalOf(numberFilters(query, "sequencenumber"), "sequencenumber");
  const times = intervalOf(timestampFilters(query, "timestamp"), "timestamp");
  const topic = view.ledger.topics.get(id as TopicId);
  if (!topic || !sequences || !times) return okJson('{"messages":[],"links":{"next":null}}');

  const limit = limitOf(query);
  const order = orderOf(query, "asc");
  const { messages } = topic;
  const first = lowerBound(messages, (m) => m.sequence >= sequences.from && m.consensusNs >= times.from);
  const end = lowerBound(messages, (m) => m.sequence > sequences.to || m.consensusNs > times.to);
  const visible = Math.min(end, view.visibleCount(topic));

  const served = messageView(view.faults, id, "messages");
  const page: string[] = [];
  let last: DevnetMessage | undefined;
  const step = order === "asc" ? 1 : -1;
  for (let i = order === "asc" ? first : visible - 1; i >= first && i < visible && page.length < limit; i += step) {
    const message = messages[i] as DevnetMessage;
    const json = served.json(message);
    if (json === null) continue;
    page.push(json);
    last = message;
  }
  served.done();
  const isUtf8 = /^utf/i.test(lastValue(query, "encoding") ?? "");
  return spoiltPage(view, id, {
    json: isUtf8 ? page.map(asUtf8) : page,
    next: page.length === limit && last ? nextLink(path, query, order, formatConsensusTime(last.consensusNs)) : null,
  });
}

/** `GET /topics/{id}/messages/{sequence}`. */
export function getMessage(view: MirrorView, idText: string, sequenceText: string, query: Query): RestAnswer {
  checkQuery(query, {});
  const id = entityIdOf(idText);
  const invalid = [
    ...(id ? [] : ["Invalid parameter: topic.id"]),
    ...(isPositiveLong(sequenceText, "eq") ? [] : ["Invalid parameter: sequencenumber"]),
  ];
  if (!id || invalid.length > 0) throw new RestError(400, invalid);
  const sequence = Number(sequenceText);
  const topic = view.ledger.topics.get(id as TopicId);
  if (!topic) throw notFound();
  const at = lowerBound(topic.messages, (message) => message.sequence >= sequence);
  return single(view, topic, at, (message) => message.sequence === sequence);
}

/** `GET /topics/messages/{timestamp}`. */
export function getMessageAt(view: MirrorView, timestampText: string, query: Query): RestAnswer {
  checkQuery(query, {});
  if (!isTimestamp(timestampText, "eq")) throw new RestError(400, ["Invalid parameter: consensus_timestamp"]);
  const [seconds = "", nanos = ""] = timestampText.split(".");
  const ns = BigInt(seconds + nanos.padEnd(9, "0")) as ConsensusNs;
  for (const topic of view.ledger.topics.values()) {
    const at = lowerBound(topic.messages, (message) => message.consensusNs >= ns);
    if (topic.messages[at]?.consensusNs === ns) return single(view, topic, at, () => true);
  }
  throw notFound();
}

/** `GET /topics/{id}`: shows that the topic exists. It carries neither sequence number nor hash. */
export function getTopic(view: MirrorView, idText: string): RestAnswer {
  const id = entityIdOf(idText);
  if (!id) throw new RestError(400, ["Failed to convert 'id'"]);
  const topic = view.ledger.topics.get(id as TopicId);
  if (!topic) throw notFound("Topic not found");
  const created = formatConsensusTime(topic.createdNs);
  return okJson(
    JSON.stringify({
      admin_key: topic.adminKey && keyJson(topic.adminKey),
      auto_renew_account: null,
      auto_renew_period: 7_776_000,
      created_timestamp: created,
      custom_fees: { created_timestamp: created, fixed_fees: [] },
      deleted: false,
      fee_exempt_key_list: [],
      fee_schedule_key: null,
      memo: topic.memo,
      submit_key: topic.submitKey && keyJson(topic.submitKey),
      timestamp: { from: created, to: null },
      topic_id: topic.id,
    }),
  );
}

function single(view: MirrorView, topic: Topic, at: number, is: (message: DevnetMessage) => boolean): RestAnswer {
  const message = topic.messages[at];
  if (!message || at >= view.visibleCount(topic) || !is(message)) throw notFound();
  const served = messageView(view.faults, topic.id, "message");
  const json = served.json(message);
  served.done();
  if (json === null) throw notFound();
  return okJson(json);
}

/** The page's text, with the faults of whole pages. */
function spoiltPage(view: MirrorView, topicId: string, page: { json: string[]; next: string | null }): RestAnswer {
  let { json, next } = page;
  const previous = view.previousPages;
  const faults = view.faults.select(["truncated", "duplicateMessages", "repeatedPage"], { topicId, route: "messages" });
  for (const { spec, hit } of faults) {
    if (spec.kind === "truncated") {
      const keep = spec.keep ?? Math.floor(json.length / 2);
      if (keep >= json.length && next === null) continue;
      json = json.slice(0, keep);
      next = null;
    } else if (spec.kind === "duplicateMessages") {
      if (json.length === 0) continue;
      json = json.flatMap((message) => [message, message]);
    } else {
      const body = previous.get(topicId);
      if (body === undefined) continue;
      hit();
      return okJson(body);
    }
    hit();
  }
  const body = `{"messages":[${json.join(",")}],"links":{"next":${JSON.stringify(next)}}}`;
  previous.set(topicId, body);
  return okJson(body);
}

function asUtf8(json: string): string {
  const value = JSON.parse(json);
  return JSON.stringify({ ...value, message: Buffer.from(value.message, "base64").toString("utf8") });
}
