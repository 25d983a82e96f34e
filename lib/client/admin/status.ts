/** What operators read and do. */
import useSWR, { type SWRConfiguration } from "swr";
import useSWRInfinite from "swr/infinite";
import { ActionAnswer, AdminStatus, AuditLogAnswer } from "@/lib/wire/admin";
import { ShardsAnswer, type SplitBody } from "@/lib/wire/shards";
import { ApiError, getJson, postJson, reasonOf } from "../api/http";
import { PATHS } from "../api/keys";
import { asSentence } from "../format/as-sentence";
import { rememberStatus } from "./history";

/** How often an open page asks. Instances report every ten seconds; the one that answers knows itself as of now. */
const POLL_MS = 3_000;
const POLL_AFTER_FAILURE_MS = 5_000;

/** As of now while the page is visible; after a failure the last good answer stays. */
const polled = <Answer>(): SWRConfiguration<Answer, Error> => ({
  refreshInterval: POLL_MS,
  focusThrottleInterval: POLL_MS,
  dedupingInterval: 1_000,
  // SWR itself waits longer from time to time; whoever has this page open waits for the end of the trouble.
  onErrorRetry: (error, _key, _config, revalidate, { retryCount }) => {
    if (isRefusal(error)) return;
    setTimeout(() => void revalidate({ retryCount }), POLL_AFTER_FAILURE_MS);
  },
});

/** The state of everything. */
export const useAdminStatus = () => useSWR<AdminStatus, Error>(PATHS.adminStatus, readStatus, polled());

/** Which topic serves whom. */
export const useShards = () =>
  useSWR<ShardsAnswer, Error>(PATHS.adminShards, (path: string) => getJson(ShardsAnswer, path), polled());

async function readStatus(path: string): Promise<AdminStatus> {
  const status = await getJson(AdminStatus, path);
  rememberStatus(status);
  return status;
}

/** Asking again does not help: the server was reached, and says no. */
const isRefusal = (error: Error): boolean => error instanceof ApiError && error.status >= 400 && error.status < 500;

export const isNotOperator = (error: unknown): boolean => error instanceof ApiError && error.status === 403;

/** The log of actions, newest first; its first page is read again while the page is open, so that what runs is seen to end. */
export function useAuditLog() {
  const { data, error, size, setSize, mutate } = useSWRInfinite<AuditLogAnswer, Error>(
    (index, previous: AuditLogAnswer | null) => {
      if (index === 0) return PATHS.auditLog;
      return previous?.nextBefore ? `${PATHS.auditLog}?before=${previous.nextBefore}` : null;
    },
    (path: string) => getJson(AuditLogAnswer, path),
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

/** An action as a request; `subject` is what has to be typed before it is sent. */
export interface AdminRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export const invalidateRequest = (userId: string | null): AdminRequest => ({
  path: "/api/admin/cache/invalidate",
  body: userId === null ? {} : { userId },
});

export const TOPIC_ACTIONS = ["audit", "resync", "start-over", "pause", "resume"] as const;
export type TopicAction = (typeof TOPIC_ACTIONS)[number];

export const topicRequest = (action: TopicAction, topicId: string): AdminRequest => ({
  path: `/api/admin/topics/${topicId}/${action}`,
  body: {},
});

export const splitRequest = (split: SplitBody): AdminRequest => ({ path: "/api/admin/shards/split", body: split });
export const drainRequest = (topicId: string): AdminRequest => ({
  path: "/api/admin/shards/drain",
  body: { topicId },
});

const ATTEMPTS = 4;
const PAUSE_MS = 1_000;

/** The answer was lost on the way: asked again under the same key, the server does nothing twice. */
const isLost = (error: unknown): boolean => error instanceof ApiError && error.status === 0 && navigator.onLine;

/** Sends an action under `key`, which stands for it however often it is sent. Rejects with the reason it was refused for. */
export async function sendAction({ path, body }: AdminRequest, key: string): Promise<ActionAnswer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postJson(ActionAnswer, path, body, { "idempotency-key": key });
    } catch (error) {
      if (attempt === ATTEMPTS || !isLost(error)) throw error;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

/** Why an action was refused. Where it is for one of its fields the server begins with that one's name, which no form here shows. */
export function refusalOf(error: unknown): string {
  const reason = reasonOf(error);
  const name = error instanceof ApiError && error.field !== null ? `${error.field}: ` : "";
  return asSentence(reason.startsWith(name) ? reason.slice(name.length) : reason);
}

/** crypto.randomUUID exists on https and on the loopback only. */
export const newActionKey = (): string =>
  crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
