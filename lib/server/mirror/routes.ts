import "server-only";
/**
 * This server as a mirror node, for tools, caches and other instances of this server (docs/integrations/mirror-api.md). Topics that
 * are kept here come from the log; requests for others are passed through.
 */
import type { z } from "zod/mini";
import type { Awaitable } from "../../core/awaitable";
import { consensusNs, MAX_CONSENSUS_NS } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import {
  faultsOfNoQuery,
  isTimestamp,
  nanoseconds,
  readMessageQuery,
  sequenceNamed,
  topicNamed,
} from "../../core/mirror/message-query";
import { isPassed } from "../../core/mirror/pass-through-paths";
import { messageAt, messageBySequence, messagesPage } from "../../engine/mirror/log-pages";
import { MirrorJson, MirrorMessage, MirrorMessages } from "../../wire/mirror";
import { type Answer, textOf } from "../http/answers/answer";
import { defineRoute, type Route, type RouteContext } from "../http/route";
import { logAnswer } from "./log-answers";
import { blocksAnswer, droppedAnswer, passedAnswer, passThroughRefusal, segmentsOf } from "./pass-through";
import { mirrorError } from "./reply";

type Context = RouteContext<unknown, unknown>;

const ledgerRoute = (
  operationId: string,
  summary: string,
  answer: z.ZodMiniType,
  handle: (context: Context) => Awaitable<Answer>,
): Route =>
  defineRoute({
    ...{ operationId, summary, answer, handle },
    access: "ledger",
    limit: "ledger",
    isForAnySite: true,
    sends: ["view"],
    mirrorErrors: [400, 404],
    problems: ["ledger-unavailable", "not-yet"],
  });

const isKept = ({ app }: Context, topicId: TopicId) => app.scheduler.syncs.has(topicId);

const NO_TOPIC = "Invalid parameter: topic.id";

/** Passes an address below `topics` through, for topics that are not kept here. */
const passed = async (context: Context, path: string) =>
  passThroughRefusal(context) ?? passedAnswer(context, path + context.url.search);

export const topicMessages = ledgerRoute(
  "getMirrorTopicMessages",
  "A topic's messages, with a mirror node's parameters and in its form",
  MirrorMessages,
  (context) => {
    const { app, params, url } = context;
    const topicId = topicNamed(params.topicId ?? "");
    if (topicId === null) return mirrorError(400, [NO_TOPIC]);
    const query = readMessageQuery(url.searchParams);
    if (!query.ok) return mirrorError(400, query.error);
    if (!isKept(context, topicId)) return passed(context, `/topics/${topicId}/messages`);
    const ask = () => messagesPage(app.stores.ledgerLog, topicId, url.pathname, query.value);
    const path = `/topics/${topicId}/messages${url.search}`;
    return logAnswer(context, url.pathname + url.search, ask, () => droppedAnswer(context, path));
  },
);

export const topicMessage = ledgerRoute(
  "getMirrorTopicMessage",
  "One message by its number, in a mirror node's form",
  MirrorMessage,
  (context) => {
    const { app, params, url } = context;
    const faults = faultsOfNoQuery(url.searchParams);
    if (faults.length > 0) return mirrorError(400, faults);
    const topicId = topicNamed(params.topicId ?? "");
    const sequence = sequenceNamed(params.sequence ?? "");
    if (topicId === null || sequence === null)
      return mirrorError(400, [
        ...(topicId === null ? [NO_TOPIC] : []),
        ...(sequence === null ? ["Invalid parameter: sequencenumber"] : []),
      ]);
    if (!isKept(context, topicId)) return passed(context, `/topics/${topicId}/messages/${sequence}`);
    const path = `/topics/${topicId}/messages/${sequence}`;
    const ask = () => messageBySequence(app.stores.ledgerLog, topicId, sequence);
    return logAnswer(context, `${topicId}/${sequence}`, ask, () => droppedAnswer(context, path));
  },
);

export const messageByTime = ledgerRoute(
  "getMirrorMessageByTime",
  "One message by its consensus time, in a mirror node's form",
  MirrorMessage,
  async (context) => {
    const { app, params, url } = context;
    const faults = faultsOfNoQuery(url.searchParams);
    if (faults.length > 0) return mirrorError(400, faults);
    const time = params.timestamp ?? "";
    if (!isTimestamp(time)) return mirrorError(400, ["Invalid parameter: consensus_timestamp"]);
    const ns = nanoseconds(time);
    if (ns > MAX_CONSENSUS_NS) return mirrorError(404, ["Not found"]);
    const ask = () => messageAt(app.stores.ledgerLog, consensusNs(ns));
    const own = await logAnswer(context, `at ${ns}`, ask, () => mirrorError(404, ["Not found"]));
    if (own.status !== 404 || app.env.MIRROR_PASS_THROUGH === "off") return own;
    // A message of a topic that is kept here, and not in the log, has failed, is not read yet, or was dropped.
    const other = await passed(context, `/topics/messages/${time}`);
    if (other.status !== 200) return other;
    const { topic_id: of, sequence_number: sequence } = JSON.parse(textOf(other)) as Record<string, unknown>;
    const topicId = [...app.scheduler.syncs.keys()].find((each) => each === of);
    if (topicId === undefined) return other;
    const dropped = (await app.stores.sync.topic(topicId))?.dropped.through ?? 0;
    return typeof sequence === "number" && sequence <= dropped ? other : own;
  },
);

export const topicDetails = ledgerRoute(
  "getMirrorTopic",
  "A topic as a mirror node has it",
  MirrorJson,
  async (context) => {
    const { params } = context;
    const topicId = topicNamed(params.topicId ?? "");
    if (topicId === null) return mirrorError(400, ["Failed to convert 'id'"]);
    // Memo and keys of a topic are not in its messages, so a mirror is asked for those of kept topics in any case.
    const refusal = isKept(context, topicId) ? null : passThroughRefusal(context);
    return refusal ?? passedAnswer(context, `/topics/${topicId}`);
  },
);

const passThroughRoute = (operationId: string, summary: string) =>
  ledgerRoute(operationId, summary, MirrorJson, async (context) => {
    const segments = segmentsOf(context);
    // A mirror says the same of an address that it does not have.
    if (!isPassed(segments)) return mirrorError(404, ["Not found"]);
    const refusal = passThroughRefusal(context);
    if (refusal !== null) return refusal;
    if (segments.join("/") === "blocks") return blocksAnswer(context);
    return passedAnswer(context, `/${segments.join("/")}${context.url.search}`);
  });

export const mirrorList = passThroughRoute(
  "getMirrorList",
  "Lists of accounts, balances, tokens, blocks and transactions, as a mirror node has them",
);
export const mirrorEntity = passThroughRoute(
  "getMirrorEntity",
  "An account, a token, a block, a transaction, a contract, a schedule or a fact of the network, as a mirror node has it",
);
export const mirrorPart = passThroughRoute(
  "getMirrorPart",
  "Sub-resources of an account or a token, as a mirror node has them",
);
export const mirrorItem = passThroughRoute(
  "getMirrorItem",
  "Always 404, in a mirror node's form: this is not passed on",
);
export const mirrorItemPart = passThroughRoute(
  "getMirrorItemPart",
  "Always 404, in a mirror node's form: these are not passed on",
);
