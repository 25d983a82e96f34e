/**
 * The ledger port over the REST API of one or more mirror nodes. Each request takes a token of the shared budget and passes
 * the circuit breaker of its mirror. A repeated request goes to the next mirror whose breaker admits it.
 */
import type { z } from "zod";
import { reasonUnreachable } from "../../core/health/unreachable";
import { type ConsensusNs, consensusNs, formatConsensusTime } from "../../core/ledger/consensus-time";
import type { AccountId, TopicId } from "../../core/ledger/ids";
import type { EvmAddress } from "../../core/ledger/magic-token";
import type { LedgerMessage } from "../../core/ledger/message";
import { err, ok, type Result } from "../../core/result";
import {
  admit,
  afterFailure,
  afterSuccess,
  type CircuitBreaker,
  type CircuitBreakerPolicy,
} from "../../core/sync/circuit-breaker";
import type { Clock } from "../../ports/clock";
import type {
  Ledger,
  LedgerAccount,
  LedgerError,
  LedgerHead,
  MirrorChoice,
  MirrorName,
  PageRequest,
} from "../../ports/ledger/ledger";
import type { RawAnswer, RawMirror } from "../../ports/ledger/raw-mirror";
import { type Elapsed, stopwatch } from "../../system/stopwatch";
import { Turns } from "../../system/turns";
import { NOT_JSON, type Read, type Take, takeJson, takeRaw } from "./answers";
import { AccountJson, BlocksJson, type MirrorAccount, throughOf } from "./mirror-json";
import { CIRCUITS, type CircuitOf, type Mirror, type MirrorState, mirrorsAt } from "./mirrors";
import { requestKind } from "./pass-through-circuits";
import { listOf, messagesOf, readMessage } from "./read-message";
import { requestedOnly } from "./requested-messages";
import { type Send, send } from "./send";

export interface MirrorOptions {
  /** REST bases as parseMirrorAddress takes them, with or without `/api/v1`; the first is preferred. */
  readonly urls: readonly string[];
  readonly clock: Clock;
  /** Milliseconds until a token is there, or null if none comes soon (HotCache.reserve). */
  readonly reserve: () => Promise<number | null>;
  readonly random?: () => number;
  /** Absent: over HTTP. */
  readonly send?: Send;
  readonly onRequest?: (sample: MirrorSample) => void;
  /** Called with a sentence when the mirror answers about something else than it was asked, and with null when that is over. */
  readonly onForeign?: (mirror: MirrorName, summary: string | null) => void;
}

/** A page of 100 takes the public mirror well under a second. Its own gateway gives up after 10. */
const TIMEOUT_MS = 10_000;

const CIRCUIT: CircuitBreakerPolicy = {
  threshold: 4,
  // During an outage of an hour the mirror is asked once a minute.
  backoff: { baseMs: 1_000, maxMs: 60_000 },
  probeMs: TIMEOUT_MS * 2,
};

/** How a request is sent: when it is given up, and which circuit breakers it passes. */
interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly circuit: CircuitOf;
  /** The kind of a reader's request (`requestKind`), which has a breaker of its own too. Null or absent: no reader's. */
  readonly kind?: string | null;
}

/** One request that was answered or failed, for a histogram. The wait for the budget is not included. */
interface MirrorSample extends Elapsed {
  readonly origin: string;
  readonly isError: boolean;
}

/** Operators hear of such an answer by `onForeign`, which names the mirror and the request. */
export const FOREIGN: LedgerError = { code: "malformed", message: "the mirror answered about something else" };
const OF_NOW: LedgerError = {
  code: "malformed",
  message: "the mirror was asked for an account at a time, and answered with the account of another time",
};

const inShape =
  <T>(schema: z.ZodType<T>): Read<T> =>
  (json) => {
    const parsed = schema.safeParse(json);
    return parsed.success ? parsed.data : null;
  };
/** Any JSON, null included: the caller decides whether it is a message. */
const anyJson: Read<{ readonly value: unknown }> = (value) => ({ value });

const takeAccount = takeJson(inShape(AccountJson), { mustSayNotFound: true });

export class MirrorLedger implements Ledger, RawMirror {
  private readonly nodes: Mirror[];
  private readonly random: () => number;
  /** Sending a request takes up to 0.5 ms of CPU, and a round asks for all topics at once. */
  private readonly turns = new Turns();

  constructor(private readonly options: MirrorOptions) {
    this.random = options.random ?? Math.random;
    this.nodes = mirrorsAt(options.urls);
  }

  get mirrors(): readonly MirrorName[] {
    return this.nodes.map(({ origin }) => origin);
  }

  choose(attempt: number): MirrorName | null {
    return this.pick({ attempt }, "circuit")?.origin ?? null;
  }

  /** Requests sent since the start, errors included. */
  get requests(): number {
    return this.nodes.reduce((sum, mirror) => sum + mirror.requests, 0);
  }

  states(): readonly MirrorState[] {
    return this.nodes.map(({ origin, circuit, requests, errors, rateLimited, lastError, time }) => ({
      origin,
      circuit: circuit.name,
      requests,
      errors,
      rateLimited,
      lastError,
      clockAheadMs: time.aheadMs,
    }));
  }

  async page(request: PageRequest, signal?: AbortSignal): Promise<Result<readonly LedgerMessage[], LedgerError>> {
    // Not `gt`: the mirror rejects 0 as a sequence number.
    const query = [`sequencenumber=gte:${request.after + 1}`, "order=asc", `limit=${request.limit}`];
    if (request.upTo !== undefined) query.push(`sequencenumber=lte:${request.upTo}`);
    const path = `/topics/${request.topicId}/messages?${query.join("&")}`;
    const answer = await this.get(path, listOf, request, { signal });
    // A list has no "not found" (docs/hedera.md §1): a 404 here comes from a gateway that does not know the route.
    if (!answer.ok && answer.error.code === "not-found")
      return err({ code: "unavailable", message: "the mirror answered 404 for a list" });
    if (!answer.ok) return answer;
    const read = messagesOf(answer.value.json, request.topicId, request.after);
    const { messages, foreign } = requestedOnly(request, read.messages);
    const what = `the messages of topic ${request.topicId}`;
    const isAsked = this.check(answer.value.from, what, foreign + read.leftOut === 0);
    // The rest of such an answer is stored. An empty rest does not prove that the topic has nothing more.
    if (messages.length === 0 && !isAsked) return err(FOREIGN);
    return ok(messages.map((message) => this.timed(message, answer.value.from)));
  }

  private timed(message: LedgerMessage, { time }: Mirror): LedgerMessage {
    return time.marked(message, this.options.clock.now());
  }

  /** Whether the topic exists. Its list of messages does not show that: it is empty in both cases. */
  async hasTopic(topicId: TopicId): Promise<Result<boolean, LedgerError>> {
    const answer = await this.get(`/topics/${topicId}`, anyJson, {});
    if (answer.ok) return ok(true);
    return answer.error.code === "not-found" ? ok(false) : answer;
  }

  /** The sequence number of a topic's newest message, as one mirror has it; 0 for an empty topic. */
  async newestSequence(topicId: TopicId, choice: MirrorChoice = {}): Promise<Result<number, LedgerError>> {
    const path = `/topics/${topicId}/messages?order=desc&limit=1`;
    const answer = await this.get(path, listOf, choice);
    if (!answer.ok) return answer;
    const { json, from } = answer.value;
    const newest = json.length > 0 ? readMessage(json[0], topicId) : { sequence: 0 };
    const isAsked = this.check(from, `the newest message of topic ${topicId}`, "sequence" in newest);
    return isAsked && "sequence" in newest ? ok(newest.sequence) : err(FOREIGN);
  }

  async message(
    topicId: TopicId,
    sequence: number,
    choice: MirrorChoice = {},
  ): Promise<Result<LedgerMessage, LedgerError>> {
    const answer = await this.get(`/topics/${topicId}/messages/${sequence}`, anyJson, choice);
    if (!answer.ok) return answer;
    const { json, from } = answer.value;
    const message = readMessage(json.value, topicId);
    const isAsked = "sequence" in message && message.sequence === sequence;
    this.check(from, `message ${sequence} of topic ${topicId}`, isAsked);
    return isAsked ? ok(this.timed(message, from)) : err(FOREIGN);
  }

  async account(
    accountId: AccountId,
    atNs?: ConsensusNs,
    choice: MirrorChoice = {},
  ): Promise<Result<LedgerAccount, LedgerError>> {
    const found = await this.accountBy(accountId, (account) => account.accountId === accountId, { atNs, choice });
    if (!found.ok) return found;
    const { from, account } = found.value;
    const checked = atNs === undefined ? ok(null) : await this.checkTime(from, found.value, atNs);
    return checked.ok ? ok(account) : checked;
  }

  async accountAt(address: EvmAddress): Promise<Result<LedgerAccount, LedgerError>> {
    const found = await this.accountBy(address, (account) => account.evmAddress === address);
    return found.ok ? ok(found.value.account) : found;
  }

  private async accountBy(
    name: AccountId | EvmAddress,
    isAsked: (account: LedgerAccount) => boolean,
    { atNs, choice = {} }: { readonly atNs?: ConsensusNs | undefined; readonly choice?: MirrorChoice } = {},
  ): Promise<Result<MirrorAccount & { readonly from: Mirror }, LedgerError>> {
    const answer = await this.ask(accountPath(name, atNs), takeAccount, choice, { circuit: "accounts" });
    if (!answer.ok && answer.error.code === "not-found")
      return err({ code: "not-found", message: "the mirror has no such account" });
    if (!answer.ok) return answer;
    const { taken, from } = answer.value;
    // Accounts are people's, so the operators' page does not name them.
    return this.check(from, "an account", isAsked(taken.account)) ? ok({ ...taken, from }) : err(FOREIGN);
  }

  /**
   * Refuses answers of a mirror that does not read `timestamp`. Such an answer looks like any other, so the mirror is asked for the
   * account one nanosecond before its creation. A mirror that reads the time answers 404. Without a creation time this cannot be
   * tested, and the answer is accepted.
   */
  private async checkTime(
    from: Mirror,
    { account, createdNs }: MirrorAccount,
    atNs: ConsensusNs,
  ): Promise<Result<null, LedgerError>> {
    if (createdNs === null) return ok(null);
    const nowMs = this.options.clock.monotonicMs();
    if (createdNs > atNs) from.timestampSupport.failed(nowMs);
    const passes = await from.timestampSupport.passes(nowMs, async () => {
      const path = accountPath(account.accountId, consensusNs(createdNs - 1n));
      const before = await this.ask(path, takeAccount, { mirror: from.origin }, { circuit: "accounts" });
      if (before.ok) return ok(false);
      return before.error.code === "not-found" ? ok(true) : before;
    });
    if (!passes.ok) return passes;
    return this.check(from, "an account as it was at a time", passes.value) ? ok(null) : err(OF_NOW);
  }

  async head(choice: MirrorChoice = {}): Promise<Result<LedgerHead, LedgerError>> {
    const answer = await this.get("/blocks?order=desc&limit=1", inShape(BlocksJson), choice, { circuit: "blocks" });
    if (!answer.ok) return answer;
    const { json, from } = answer.value;
    const throughNs = throughOf(json);
    from.time.endsAt(throughNs);
    return ok({ mirror: from.origin, throughNs });
  }

  async raw(path: string): Promise<Result<RawAnswer, LedgerError>> {
    const answer = await this.ask(path, takeRaw, {}, { circuit: "passed", kind: requestKind(path) });
    return answer.ok ? ok(answer.value.taken) : answer;
  }

  /** Whether an answer is about what was asked. Operators hear of answers that are not. */
  private check({ origin, refusals }: Mirror, what: string, isAsked: boolean): boolean {
    const nowMs = this.options.clock.monotonicMs();
    if (!isAsked) {
      refusals.refused(what, nowMs);
      this.options.onForeign?.(origin, `${origin} was asked for ${what} and answered with something else.`);
    } else if (refusals.answered(what, nowMs)) this.options.onForeign?.(origin, null);
    return isAsked;
  }

  private async get<T>(
    path: string,
    read: Read<T>,
    choice: MirrorChoice,
    { signal, circuit = "circuit" }: { readonly signal?: AbortSignal | undefined; readonly circuit?: CircuitOf } = {},
  ): Promise<Result<{ readonly json: T; readonly from: Mirror }, LedgerError>> {
    const answer = await this.ask(path, takeJson(read), choice, { signal, circuit });
    return answer.ok ? ok({ json: answer.value.taken, from: answer.value.from }) : answer;
  }

  private async ask<T>(
    path: string,
    take: Take<T>,
    choice: MirrorChoice,
    { signal, circuit, kind = null }: AskOptions,
  ): Promise<Result<{ readonly taken: T; readonly from: Mirror }, LedgerError>> {
    const mirror = this.pick(choice, circuit, kind);
    if (mirror === null)
      return err({ code: "circuit-open", message: "no mirror node has answered lately; trying again shortly" });
    const admitted = (state: CircuitBreaker) => admit(state, this.options.clock.monotonicMs(), CIRCUIT).circuit;
    mirror[circuit] = admitted(mirror[circuit]);
    if (kind !== null) mirror.passThrough.settle(kind, admitted(mirror.passThrough.circuitOf(kind)));
    const waitMs = await this.options.reserve();
    if (waitMs === null)
      return err({ code: "no-budget", message: "the mirror request budget is used up", retryAfterMs: 1_000 });
    if (waitMs > 0) await this.options.clock.sleep(waitMs, signal);
    await this.turns.next();
    const took = stopwatch();
    const { answer, hasAnswered } = await this.fetch(mirror, path, take, signal);
    const isHealthy = answer.ok || answer.error.code === "not-found";
    this.options.onRequest?.({ origin: mirror.origin, ...took(), isError: !isHealthy });
    this.settle(mirror, { circuit, kind }, isHealthy ? null : answer.error, hasAnswered);
    if (!isHealthy) {
      mirror.errors += 1;
      if (answer.error.code === "rate-limited") mirror.rateLimited += 1;
      mirror.lastError = answer.error.message;
    }
    return answer.ok ? ok({ taken: answer.value, from: mirror }) : answer;
  }

  /** Tells the breakers of a request how it ended. `error`: null if the request was answered. */
  private settle(
    mirror: Mirror,
    { circuit, kind = null }: AskOptions,
    error: LedgerError | null,
    hasAnswered: boolean,
  ) {
    const settled = (state: CircuitBreaker) =>
      error === null
        ? afterSuccess(state)
        : afterFailure(state, this.options.clock.monotonicMs(), this.random(), CIRCUIT, error.retryAfterMs);
    const isOfKind = kind !== null && error !== null && isAboutRequest(error, hasAnswered);
    if (kind !== null) {
      const state = mirror.passThrough.circuitOf(kind);
      if (error === null || isOfKind || state.name === "half-open") mirror.passThrough.settle(kind, settled(state));
    }
    if (kind !== null && hasAnswered) mirror.passThrough.answered();
    if (!isOfKind) mirror[circuit] = settled(mirror[circuit]);
    else if (hasAnswered) mirror[circuit] = afterSuccess(mirror[circuit]);
    else {
      const isOfSeveral = mirror.passThrough.timedOut(kind);
      const before = mirror[circuit];
      const after = settled(before);
      // One slow kind of request does not open the breaker of all kinds. As a probe it does, because it shows that the mirror is still
      // down.
      if (isOfSeveral || before.name !== "closed" || after.name === "closed") mirror[circuit] = after;
    }
    // A mirror's rate limit counts all kinds of requests.
    if (error?.code === "rate-limited")
      for (const other of CIRCUITS) if (other !== circuit) mirror[other] = settled(mirror[other]);
  }

  /** The mirror that the request is for and whose circuit breaker would admit it now; null if there is none. */
  private pick(
    { mirror, not, attempt = 0 }: MirrorChoice,
    circuit: CircuitOf,
    kind: string | null = null,
  ): Mirror | null {
    const { nodes } = this;
    const nowMs = this.options.clock.monotonicMs();
    const admits = (state: CircuitBreaker) => admit(state, nowMs, CIRCUIT).admitted;
    const isOpen = (node: Mirror) =>
      admits(node[circuit]) && (kind === null || admits(node.passThrough.circuitOf(kind)));
    if (mirror !== undefined) return nodes.find((node) => node.origin === mirror && isOpen(node)) ?? null;
    const first = not === undefined ? attempt : nodes.findIndex(({ origin }) => origin === not) + 1;
    for (let i = 0; i < nodes.length; i += 1) {
      const node = nodes[(first + i) % nodes.length] as Mirror;
      if (isOpen(node)) return node;
    }
    return null;
  }

  private async fetch<T>(
    mirror: Mirror,
    path: string,
    take: Take<T>,
    signal?: AbortSignal,
  ): Promise<{ readonly answer: Result<T, LedgerError>; readonly hasAnswered: boolean }> {
    mirror.requests += 1;
    let hasAnswered = false;
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await (this.options.send ?? send)(mirror.base + path, {
        headers: {
          accept: "application/json",
          ...(mirror.authorization === null ? {} : { authorization: mirror.authorization }),
        },
        redirect: "manual",
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        cache: "no-store",
      });
      hasAnswered = true;
      mirror.time.dated(response.headers.get("date"), this.options.clock.now());
      return { answer: await take(response, this.options.clock.now()), hasAnswered };
    } catch (cause) {
      return { answer: err(failureOf(cause, timeout.aborted)), hasAnswered };
    }
  }
}

function failureOf(cause: unknown, isTooLate: boolean): LedgerError {
  if (isTooLate) return { code: "timeout", message: `the mirror did not answer within ${TIMEOUT_MS / 1000} s` };
  if (cause instanceof SyntaxError) return NOT_JSON;
  const reason = reasonUnreachable(cause);
  return { code: "unavailable", message: `the mirror could not be reached${reason ? `: ${reason}` : ""}` };
}

/**
 * Whether the request is to blame rather than the mirror: it was too expensive, or has no good answer. After a timeout this is only
 * likely, so `settle` also compares it with other requests.
 */
const isAboutRequest = ({ code, retryAfterMs }: LedgerError, hasAnswered: boolean): boolean =>
  code === "timeout" || (hasAnswered && code !== "rate-limited" && retryAfterMs === undefined);

const accountPath = (name: AccountId | EvmAddress, atNs: ConsensusNs | undefined) =>
  `/accounts/${name}?transactions=false${atNs === undefined ? "" : `&timestamp=${formatConsensusTime(atNs)}`}`;
