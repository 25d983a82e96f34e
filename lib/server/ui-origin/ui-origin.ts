import "server-only";
/** The deployment whose pages are served on this origin. Every request that is not ours goes there. */
import { err, ok, type Result } from "../../core/result";
import type { Incidents } from "../../engine/health/incidents";
import type { ProblemParts } from "../http/answers/problem";
import { Forwarder, type ForwardFailure, PASSED_TOO_LARGE, type Passed, type UiAnswer } from "./forward";
import { hasPassed } from "./headers";

/** One failure may be a single bad request. This many, with no answer between them, are an outage. */
const FAILURES_OF_AN_OUTAGE = 3;

export class UiOrigin {
  private readonly forwarder: Forwarder;
  private failures = 0;

  constructor(
    private readonly options: {
      readonly origin: string;
      readonly incidents: Pick<Incidents, "report">;
      /** How long an answer may take to begin. Absent: 30 s. */
      readonly answerMs?: number;
    },
  ) {
    this.forwarder = new Forwarder(options.origin, options.answerMs);
  }

  /** The other deployment's answer, or the problem to answer with. Null if the client has left and gets no answer. */
  async pass(passed: Passed): Promise<Result<UiAnswer, ProblemParts> | null> {
    if (hasPassed((name) => passed.headers[name]?.toString())) return err(LOOP);
    const forwarded = await this.forwarder.forward(passed);
    if (forwarded.ok) {
      this.failures = 0;
      this.options.incidents.report("ui-unreachable", null, null);
      return ok(forwarded.value);
    }
    const failure = forwarded.error;
    if (failure.kind === "client-left") return null;
    if (failure.kind !== "too-large") this.noteOutage(failure);
    return err(PROBLEMS[failure.kind]);
  }

  close(): void {
    this.forwarder.close();
  }

  private noteOutage(failure: ForwardFailure): void {
    this.failures += 1;
    if (this.failures < FAILURES_OF_AN_OUTAGE) return;
    const how =
      failure.kind === "unreachable"
        ? `cannot be reached: ${failure.reason.replace(/[.]$/, "")}`
        : "does not answer in time";
    this.options.incidents.report("ui-unreachable", null, `The web UI at ${this.options.origin} ${how}.`);
  }
}

const LOOP: ProblemParts = {
  code: "loop",
  detail: "This request has come back to where it was passed on. Set UI_ORIGIN to the web UI's own address.",
  options: {},
};

const PROBLEMS: Readonly<Record<Exclude<ForwardFailure["kind"], "client-left">, ProblemParts>> = {
  "too-large": {
    code: "too-large",
    detail: PASSED_TOO_LARGE,
    options: { field: "body" },
  },
  "too-slow": { code: "ui-too-slow", detail: "This page takes too long to answer. Try again shortly.", options: {} },
  unreachable: {
    code: "ui-unreachable",
    detail: "The server of this page cannot be reached. Try again shortly.",
    options: { retryAfterS: 5 },
  },
};
