/**
 * The ledger port over one or more mirror nodes' REST API. Each request takes a token of the shared budget and passes the
 * circuit of its mirror; a question that is asked again goes to the next mirror whose circuit lets it through.
 */
import type { z } from "zod";
import { admit, type Circuit, type CircuitPolicy, CLOSED, failed, succeeded } from "../../core/circuit";
import type { ConsensusNs } from "../../core/consensus-time";
import type { AccountId, TopicId } from "../../core/ids";
import { err, ok, type Result } from "../../core/result";
import type { Clock } from "../../ports/clock";
import type { Ledger, LedgerAccount, LedgerError, LedgerMessage, PageRequest } from "../../ports/ledger";
import { AccountJson, BlocksJson, MessageJson, PageJson } from "./mirror-json";

export interface MirrorOptions {
  /** REST bases, with or without `/api/v1`; the first is preferred. */
  readonly urls: readonly string[];
  readonly clock: Clock;
  /** Milliseconds until a token is there, or null where none is to be had soon (HotCache.reserve). */
  readonly reserve: () => Promise<number | null>;
  readonly random?: () => number;
  readonly fetch?: typeof fetch;
  readonly onRequest?: (sample: MirrorSample) => void;
}

/** A page of 100 takes the public mirror well under a second; its own gateway gives up after 10. */
const TIMEOUT_MS = 10_000;

const CIRCUIT: CircuitPolicy = {
  threshold: 4,
  // An outage of an hour is asked about once a minute.
  backoff: { baseMs: 1_000, maxMs: 60_000 },
  probeMs: TIMEOUT_MS * 2,
};

/** One request that was answered or failed, for a histogram; without the wait for the budget. */
export interface MirrorSample {
  readonly origin: string;
  readonly ms: number;
  readonly isError: boolean;
}

export interface MirrorState {
  /** Without path or credentials. */
  readonly origin: string;
  readonly circuit: Circuit["name"];
  readonly requests: number;
  readonly errors: number;
  /** Answers of 429, which are errors as well. */
  readonly rateLimited: number;
  readonly lastError: string | null;
}

interface Mirror {
  readonly base: string;
  readonly origin: string;
  circuit: Circuit;
  requests: number;
  errors: number;
  rateLimited: number;
  lastError: string | null;
}

export class MirrorLedger implements Ledger {
  private readonly mirrors: Mirror[];
  private readonly random: () => number;

  constructor(private readonly options: MirrorOptions) {
    this.random = options.random ?? Math.random;
    this.mirrors = options.urls.map((url) => {
      const base = url.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
      return {
        base: `${base}/api/v1`,
        origin: new URL(base).origin,
        circuit: CLOSED,
        requests: 0,
        errors: 0,
        rateLimited: 0,
        lastError: null,
      };
    });
  }

  /** Requests sent since the start, errors included. */
  get requests(): number {
    return this.mirrors.reduce((sum, mirror) => sum + mirror.requests, 0);
  }

  states(): readonly MirrorState[] {
    return this.mirrors.map(({ origin, circuit, requests, errors, rateLimited, lastError }) => ({
      origin,
      circuit: circuit.name,
      requests,
      errors,
      rateLimited,
      lastError,
    }));
  }

  async page(request: PageRequest, signal?: AbortSignal): Promise<Result<readonly LedgerMessage[], LedgerError>> {
    // Not gt: of 0 the mirror says that it is no sequence number.
    const query = [`sequencenumber=gte:${request.after + 1}`, "order=asc", `limit=${request.limit}`];
    if (request.upTo !== undefined) query.push(`sequencenumber=lte:${request.upTo}`);
    const path = `/topics/${request.topicId}/messages?${query.join("&")}`;
    const answer = await this.get(path, PageJson, request.attempt ?? 0, signal);
    // The list knows no "not found" (hedera.md §1): a 404 here is a gateway that does not know the route.
    if (!answer.ok && answer.error.code === "not-found")
      return err({ code: "unavailable", message: "the mirror answered 404 for a list" });
    if (!answer.ok) return answer;
    const foreign = answer.value.messages.some((message) => message.topicId !== request.topicId);
    return foreign
      ? err({ code: "malformed", message: "the mirror answered with another topic" })
      : ok(answer.value.messages);
  }

  async message(topicId: TopicId, sequence: number, attempt = 0): Promise<Result<LedgerMessage, LedgerError>> {
    return this.get(`/topics/${topicId}/messages/${sequence}`, MessageJson, attempt);
  }

  async account(accountId: AccountId): Promise<Result<LedgerAccount, LedgerError>> {
    const answer = await this.get(`/accounts/${accountId}?transactions=false`, AccountJson, 0);
    if (!answer.ok && answer.error.code === "not-found")
      return err({ code: "not-found", message: "the mirror has no such account" });
    if (answer.ok && answer.value.accountId !== accountId)
      return err({ code: "malformed", message: "the mirror answered with another account" });
    return answer;
  }

  async head(): Promise<Result<ConsensusNs, LedgerError>> {
    const answer = await this.get("/blocks?order=desc&limit=1", BlocksJson, 0);
    return answer.ok ? ok(answer.value.blocks[0]?.timestamp.to as ConsensusNs) : answer;
  }

  private async get<T>(
    path: string,
    schema: z.ZodType<T>,
    attempt: number,
    signal?: AbortSignal,
  ): Promise<Result<T, LedgerError>> {
    const mirror = this.pick(attempt);
    if (!mirror)
      return err({ code: "circuit-open", message: "no mirror node has answered lately; trying again shortly" });
    const waitMs = await this.options.reserve();
    if (waitMs === null)
      return err({ code: "no-budget", message: "the mirror request budget is used up", retryAfterMs: 1_000 });
    if (waitMs > 0) await this.options.clock.sleep(waitMs, signal);
    const startMs = performance.now();
    const answer = await this.fetchJson(mirror, path, schema, signal);
    const isHealthy = answer.ok || answer.error.code === "not-found";
    this.options.onRequest?.({ origin: mirror.origin, ms: performance.now() - startMs, isError: !isHealthy });
    mirror.circuit = isHealthy
      ? succeeded(mirror.circuit)
      : failed(mirror.circuit, this.options.clock.monotonicMs(), this.random(), CIRCUIT, answer.error.retryAfterMs);
    if (!isHealthy) {
      mirror.errors += 1;
      if (answer.error.code === "rate-limited") mirror.rateLimited += 1;
      mirror.lastError = answer.error.message;
    }
    return answer;
  }

  /** The mirror that `attempt` counts to, or the next one whose circuit admits the request. */
  private pick(attempt: number): Mirror | null {
    for (let i = 0; i < this.mirrors.length; i += 1) {
      const mirror = this.mirrors[(attempt + i) % this.mirrors.length] as Mirror;
      const { admitted, circuit } = admit(mirror.circuit, this.options.clock.monotonicMs(), CIRCUIT);
      mirror.circuit = circuit;
      if (admitted) return mirror;
    }
    return null;
  }

  private async fetchJson<T>(
    mirror: Mirror,
    path: string,
    schema: z.ZodType<T>,
    signal?: AbortSignal,
  ): Promise<Result<T, LedgerError>> {
    mirror.requests += 1;
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await (this.options.fetch ?? fetch)(mirror.base + path, {
        headers: { accept: "application/json" },
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        cache: "no-store",
      });
      if (!response.ok) {
        await response.body?.cancel();
        return err(statusError(response, this.options.clock.now()));
      }
      const parsed = schema.safeParse(await response.json());
      return parsed.success
        ? ok(parsed.data)
        : err({ code: "malformed", message: "the mirror's answer has not the documented shape" });
    } catch (cause) {
      if (timeout.aborted)
        return err({ code: "timeout", message: `the mirror did not answer within ${TIMEOUT_MS / 1000} s` });
      if (cause instanceof SyntaxError) return err({ code: "malformed", message: "the mirror's answer is not JSON" });
      return err({ code: "unavailable", message: "the mirror could not be reached" });
    }
  }
}

function statusError(response: Response, nowMs: number): LedgerError {
  const { status } = response;
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), nowMs);
  if (status === 429)
    return { code: "rate-limited", message: "the mirror answered 429, too many requests", retryAfterMs };
  if (status === 404) return { code: "not-found", message: "the mirror has no such message" };
  return { code: "unavailable", message: `the mirror answered ${status}`, retryAfterMs };
}

/** RFC 9110 §10.2.3: seconds or a date. Bounded to an hour: nobody waits for ever on one header. */
function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 3_600_000) : undefined;
}
