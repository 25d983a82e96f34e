/** How an answer of a mirror is taken, by its status and its content. */
import { z } from "zod";
import { err, ok, type Result } from "../../core/result";
import type { LedgerError } from "../../ports/ledger/ledger";
import type { RawAnswer } from "../../ports/ledger/raw-mirror";
import { readBoundedJson, readText, TOO_LARGE } from "./bounded-json";
import type { MirrorAnswer } from "./send";

const isOk = ({ status }: MirrorAnswer) => status >= 200 && status < 300;

/** Reads an answer's JSON; null if it does not have the documented shape. */
export type Read<T> = (json: unknown) => T | null;

/** Takes an answer of whatever status. */
export type Take<T> = (response: MirrorAnswer, nowMs: number) => Promise<Result<T, LedgerError>>;

/**
 * Takes an answer's JSON. `mustSayNotFound`: a 404 means "there is none" only if its body says so, since gateways answer 404
 * where they know no such route.
 */
export const takeJson =
  <T>(read: Read<T>, { mustSayNotFound = false } = {}): Take<T> =>
  async (response, nowMs) => {
    if (!isOk(response)) {
      if (response.status === 404 && mustSayNotFound && !(await saysNotFound(response)))
        return err({ code: "unavailable", message: "the mirror answered 404 without saying that there is none" });
      await response.body?.cancel();
      return err(statusError(response, nowMs));
    }
    const json = await readBoundedJson(response);
    if (json === TOO_LARGE) return err({ code: "malformed", message: "the mirror's answer is larger than 16 MB" });
    const value = read(json);
    return value === null
      ? err({ code: "malformed", message: "the mirror's answer does not have the documented shape" })
      : ok(value);
  };

const NOT_FOUND = z.object({
  _status: z.object({ messages: z.tuple([z.object({ message: z.string().regex(/not found/i) })], z.unknown()) }),
});

/** A mirror says in `_status` that it has found nothing (docs/hedera.md §1). */
async function saysNotFound(response: MirrorAnswer): Promise<boolean> {
  const text = await readText(response, MAX_RAW_BYTES);
  if (text === TOO_LARGE) return false;
  try {
    return NOT_FOUND.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** The longest answer that is passed on to readers has 100 entries of some KB. */
const MAX_RAW_BYTES = 2 * 1024 * 1024;

/** Takes what a mirror says of an address: its answer, or that the request is wrong, or that there is nothing. */
export const takeRaw: Take<RawAnswer> = async (response, nowMs) => {
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  if (![200, 400, 404].includes(response.status) || !isJson) {
    await response.body?.cancel();
    return err(isOk(response) ? NOT_JSON : statusError(response, nowMs));
  }
  const body = await readText(response, MAX_RAW_BYTES);
  if (body === TOO_LARGE) return err({ code: "malformed", message: "the mirror's answer is larger than 2 MB" });
  JSON.parse(body);
  return ok({ status: response.status, body });
};

export const NOT_JSON: LedgerError = { code: "malformed", message: "the mirror's answer is not JSON" };

function statusError(response: MirrorAnswer, nowMs: number): LedgerError {
  const { status } = response;
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), nowMs);
  if (status === 429)
    return { code: "rate-limited", message: "the mirror answered 429, too many requests", retryAfterMs };
  if (status >= 300 && status < 400)
    return {
      code: "unavailable",
      message: "the mirror answered with a redirect, which is not followed: MIRROR_URL must name where it leads to",
    };
  if (status === 404) return { code: "not-found", message: "the mirror has no such message" };
  return { code: "unavailable", message: `the mirror answered ${status}`, retryAfterMs };
}

/**
 * RFC 9110 §10.2.3: seconds or a date. If gateways added theirs, the header holds several, joined by commas, and the longest
 * counts. At most an hour, so that no single header stops requests for good.
 */
function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const isSeconds = /^\s*\d+\s*(,\s*\d+\s*)*$/.test(value);
  const ms = isSeconds ? Math.max(...value.split(",").map(Number)) * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 3_600_000) : undefined;
}
