/** Finds the route of a path, and answers it: pure, without HTTP and without the faults of whole requests. */
import { formatConsensusTime, parseConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { AccountId } from "@/lib/core/ledger/ids";
import type { Account } from "../ledger/types";
import { errorAnswer, notFound, okJson, type RestAnswer, RestError } from "./answer";
import { keyJson } from "./key-json";
import { blockJson, type MirrorView } from "./mirror-view";
import {
  checkQuery,
  isBoolean,
  isOrder,
  isPositiveLong,
  isTimestamp,
  lastValue,
  limitOf,
  orderOf,
  parseQuery,
  type Query,
} from "./query-params";
import { entityIdOf, getMessage, getMessageAt, getTopic, listMessages } from "./topic-routes";

/** The routes by which requests are counted and faults are limited. */
type RouteName = "messages" | "message" | "messageAt" | "topic" | "account" | "blocks" | "other";

export interface RoutedRequest {
  readonly route: RouteName;
  /** `0.0.n`, on routes that concern one topic. */
  readonly topicId: string | null;
  answer(): RestAnswer;
}

const BASE = "/api/v1/";

/** Finds the route of a request target (path and query). */
export function route(view: MirrorView, target: string): RoutedRequest {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const queryText = mark < 0 ? "" : target.slice(mark + 1);
  const parts = path.startsWith(BASE) ? path.slice(BASE.length).replace(/\/$/, "").split("/") : [];
  const [resource, id = "", sub, subId] = parts;
  const topicId = resource === "topics" ? entityIdOf(id) : null;
  const routed = (name: RouteName, answer: (query: Query) => RestAnswer): RoutedRequest => ({
    route: name,
    topicId,
    answer: () => guarded(() => answer(parseQuery(queryText))),
  });
  if (resource === "topics" && parts.length === 4 && sub === "messages") {
    return routed("message", (query) => getMessage(view, id, subId ?? "", query));
  }
  if (resource === "topics" && parts.length === 3 && id === "messages") {
    return routed("messageAt", (query) => getMessageAt(view, sub ?? "", query));
  }
  if (resource === "topics" && parts.length === 3 && sub === "messages") {
    return routed("messages", (query) => listMessages(view, path, id, query));
  }
  if (resource === "topics" && parts.length === 2) return routed("topic", () => getTopic(view, id));
  if (resource === "accounts" && parts.length === 2) return routed("account", (query) => getAccount(view, id, query));
  if (resource === "blocks" && parts.length === 1) return routed("blocks", (query) => listBlocks(view, query));
  return routed("other", () => {
    throw notFound();
  });
}

function guarded(answer: () => RestAnswer): RestAnswer {
  try {
    return answer();
  } catch (error) {
    if (error instanceof RestError) return errorAnswer(error);
    throw error;
  }
}

const ACCOUNT_PARAMS = { limit: isPositiveLong, order: isOrder, timestamp: isTimestamp, transactions: isBoolean };

function getAccount(view: MirrorView, idText: string, query: Query): RestAnswer {
  const id = entityIdOf(idText);
  const isAddress = /^(0x)?[0-9a-f]{40}$/i.test(idText);
  const { transactiontype: _type, ...rest } = Object.fromEntries(query);
  checkQuery(new Map(Object.entries(rest)), ACCOUNT_PARAMS);
  if (!id && !isAddress) throw new RestError(400, ["Invalid parameter: idOrAliasOrEvmAddress"]);
  const account = isAddress
    ? accountAt(view, `0x${idText.toLowerCase().replace(/^0x/, "")}`)
    : view.ledger.accountAt(id as AccountId, timeIn(query));
  if (!account) throw notFound();
  const created = formatConsensusTime(account.createdNs);
  return okJson(
    JSON.stringify({
      account: account.id,
      alias: null,
      auto_renew_period: 7_776_000,
      balance: { balance: 1_000_000_000_000, timestamp: created, tokens: [] },
      created_timestamp: created,
      decline_reward: false,
      deleted: account.isDeleted ?? false,
      ethereum_nonce: 0,
      evm_address: evmAddressOf(account),
      expiry_timestamp: null,
      key: account.key.length === 0 ? null : keyJson(account.key),
      max_automatic_token_associations: 0,
      memo: account.memo,
      pending_reward: 0,
      receiver_sig_required: false,
      staked_account_id: null,
      staked_node_id: null,
      stake_period_start: null,
      transactions: [],
      links: { next: null },
    }),
  );
}

/** The time of a request about the past; null for the present. */
function timeIn(query: Query): bigint | null {
  const text = lastValue(query, "timestamp");
  return text === undefined ? null : parseConsensusTime(text);
}

/** The address that an account was made from, or the one that its number makes. */
function evmAddressOf({ id, evmAddress }: Account): string {
  const number = BigInt(id.split(".")[2] ?? 0);
  return evmAddress ?? `0x${number.toString(16).padStart(40, "0")}`;
}

const accountAt = (view: MirrorView, address: string): Account | undefined =>
  [...view.ledger.accounts.values()].find((account) => evmAddressOf(account) === address);

function listBlocks(view: MirrorView, query: Query): RestAnswer {
  checkQuery(query, { limit: isPositiveLong, order: isOrder });
  const blocks = view.blocks();
  const ordered = orderOf(query, "desc") === "desc" ? blocks : blocks.toReversed();
  const page = ordered.slice(0, limitOf(query));
  return okJson(JSON.stringify({ blocks: page.map(blockJson), links: { next: null } }));
}
