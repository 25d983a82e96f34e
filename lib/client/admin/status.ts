/** Requests of the operators' pages. */
import useSWR, { type SWRConfiguration } from "swr";
import useSWRInfinite from "swr/infinite";
import { ActionAnswer, AdminStatus, OperatorLogAnswer } from "@/lib/wire/operators/admin";
import { ShardsAnswer, type SplitBody } from "@/lib/wire/operators/shards";
import { ApiError, getJson, postJson, reasonOf } from "../api/http";
import { untilDecided } from "../api/until-decided";
import { asSentence } from "../format/as-sentence";
import { rememberStatus } from "./history";
import { ADMIN_PATHS } from "./paths";

/** Poll interval of an open page. Instances report every ten seconds; the answering instance is current. */
const POLL_MS = 3_000;
const POLL_AFTER_FAILURE_MS = 5_000;

/** Polls while the page is visible. After a failure the last good answer stays. */
const polled = <Answer>(): SWRConfiguration<Answer, Error> => ({
  refreshInterval: POLL_MS,
  focusThrottleInterval: POLL_MS,
  dedupingInterval: 1_000,
  // SWR would back off. An operator with this page open waits for the recovery, so the page keeps asking.
  onErrorRetry: (error, _key, _config, revalidate, { retryCount }) => {
    if (isRefusal(error)) return;
    setTimeout(() => void revalidate({ retryCount }), POLL_AFTER_FAILURE_MS);
  },
});

/** The status of all instances, topics and tiers. */
export const useAdminStatus = () => useSWR<AdminStatus, Error>(ADMIN_PATHS.status, readStatus, polled());

/** The shard registry. */
export const useShards = () =>
  useSWR<ShardsAnswer, Error>(ADMIN_PATHS.shards, (path: string) => getJson(ShardsAnswer, path), polled());

async function readStatus(path: string): Promise<AdminStatus> {
  const status = await getJson(AdminStatus, path);
  rememberStatus(status);
  return status;
}

/** The server answered with a refusal, so a retry does not help. */
const isRefusal = (error: Error): boolean => error instanceof ApiError && error.status >= 400 && error.status < 500;

/** Whether the caller is signed in but may not see operators' pages. */
export const isNotOperator = (error: unknown): boolean => error instanceof ApiError && error.status === 403;

/** The operator log, newest first. The first page is polled, so that running actions are seen to end. */
export function useOperatorLog() {
  const { data, error, size, setSize, mutate } = useSWRInfinite<OperatorLogAnswer, Error>(
    (index, previous: OperatorLogAnswer | null) => {
      if (index === 0) return ADMIN_PATHS.operatorLog;
      return previous?.nextBefore ? `${ADMIN_PATHS.operatorLog}?before=${previous.nextBefore}` : null;
    },
    (path: string) => getJson(OperatorLogAnswer, path),
    { refreshInterval: POLL_MS },
  );
  const entries = data?.flatMap(({ items }) => items);
  return {
    entries,
    error,
    hasMore: data?.at(-1)?.nextBefore != null,
    loadingMore: data !== undefined && data.length < size && !error,
    loadMore: () => void setSize((pages) => pages + 1),
    retry: () => void mutate(),
  };
}

/** An action as a request. */
export interface AdminRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Expires the cached views of one user, or of all users if it is null. */
export const invalidateRequest = (userId: string | null): AdminRequest => ({
  path: "/api/admin/cache/invalidate",
  body: userId === null ? {} : { userId },
});

export const TOPIC_ACTIONS = ["audit", "resync", "start-over", "pause", "resume"] as const;
export type TopicAction = (typeof TOPIC_ACTIONS)[number];

/** The request that starts this action on a topic. */
export const topicRequest = (action: TopicAction, topicId: string): AdminRequest => ({
  path: `/api/admin/topics/${topicId}/${action}`,
  body: {},
});

/** The request that gives a group of users more segments. */
export const splitRequest = (split: SplitBody): AdminRequest => ({ path: "/api/admin/shards/split", body: split });
/** The request that takes a topic out of use. */
export const drainRequest = (topicId: string): AdminRequest => ({
  path: "/api/admin/shards/drain",
  body: { topicId },
});

const LOOK_FIRST = "No answer came for it. Look into the operator log whether it has begun, before you repeat it.";

/** Sends an action under an idempotency key, with retries. Rejects with the reason of a refusal. */
export const sendAction = ({ path, body }: AdminRequest, key: string): Promise<ActionAnswer> =>
  untilDecided(() => postJson(ActionAnswer, path, body, { "idempotency-key": key }), LOOK_FIRST);

/** The operators' forms have these names for the members that they send. */
const LABELS = { to: "The number of segments", topicId: "The topic", owner: "The owner" };

/** Why an action was refused. */
export const refusalSentence = (error: unknown): string => asSentence(reasonOf(error, LABELS));

/** An idempotency key. crypto.randomUUID exists on https and on loopback addresses only. */
export const newActionKey = (): string =>
  crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
