import "server-only";
/** The schemas of configuration values, and the sentences about values that do not fit. */
import { z } from "zod";
import { parseMirrorAddress } from "../../adapters/mirror/mirror-address";
import { type GrpcAddress, parseGrpcAddress } from "../../adapters/mirror-grpc/address";
import { type RedisAddresses, redisAddresses } from "../../adapters/redis/tcp/addresses";
import { keyOf } from "../../core/key";
import {
  type AccountId,
  parseAccountId,
  parseTopicId,
  parseUserId,
  TOPIC_KINDS,
  type TopicId,
  type TopicKind,
  type UserId,
} from "../../core/ledger/ids";
import { MAX_SEGMENTS } from "../../core/shards/reshard";
import { parseUiOrigin } from "./ui-origin";

export const onOff = z.enum(["on", "off"]);

/** Text of one form. The error reads "VARIABLE" and then `message`. */
export const matching = (form: RegExp, message: string) => z.string().regex(form, message);

/** Splits a list at its commas. */
export const list = (text: string) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
/** Accepts decimal digits only. JavaScript also reads `0x50` and `1e3` as numbers; in a configuration they are most likely typos. */
const numeric = (form: RegExp, kind: string, min: number, max: number) => {
  const rule = `must be ${kind} from ${min} to ${max}`;
  return z
    .string()
    .regex(form, rule)
    .transform(Number)
    .refine((number) => number >= min && number <= max, rule);
};
/** A whole number from `min` to `max`. */
export const integer = (min: number, max: number) => numeric(/^\d{1,15}$/, "a whole number", min, max);
/** A number from `min` to `max`, with or without decimals. */
export const number = (min: number, max: number) => numeric(/^\d{1,15}(\.\d{1,15})?$/, "a number", min, max);
export const optional = z.string().optional();
/** 32 bytes in hex, or DER, which begins with a sequence (0x30). Only the ledger knows which account the key belongs to. */
export const privateKey = z
  .string()
  .regex(/^(0x)?([0-9a-f]{64}|30[0-9a-f]{60,260})$/i, "must be a private key: DER or 64 hexadecimal digits")
  .optional();
/** A list of topics; null if the variable is not set. */
export const topicIds = z
  .string()
  .optional()
  .transform((text, context): readonly TopicId[] | null => {
    if (text === undefined) return null;
    const ids = list(text).map(parseTopicId);
    if (ids.length > 0 && ids.every((id) => id !== null)) return ids;
    context.addIssue("must be topic ids like 0.0.7148063, separated by commas");
    return z.NEVER;
  });
/** One topic; null if the variable is not set. */
export const topicId = z
  .string()
  .optional()
  .transform((text, context): TopicId | null => {
    const id = text === undefined ? null : parseTopicId(text.trim());
    if (text !== undefined && id === null) context.addIssue("must be a topic id like 0.0.7148063");
    return id;
  });
/** One account; undefined if the variable is not set. */
export const accountId = z
  .string()
  .optional()
  .transform((text, context): AccountId | undefined => {
    const id = text === undefined ? undefined : parseAccountId(text.trim());
    if (id === null) context.addIssue("must be an account id like 0.0.5005");
    return id ?? undefined;
  });
const SEGMENTS_OF = new RegExp(`^(${TOPIC_KINDS.join("|")}):(\\d{1,4})$`);
/** Segments of each kind: one number for all kinds, or pairs like `contact:16,trust:4`. A kind that is not named has one. */
export const segments = z.string().transform((text, context): Readonly<Record<TopicKind, number>> => {
  const isForAllKinds = /^\d{1,4}$/.test(text.trim());
  const all = isForAllKinds ? Number(text) : 1;
  const counts: Record<TopicKind, number> = { contact: all, trust: all, recognition: all, profile: all };
  const items = isForAllKinds ? [] : list(text).map((item) => SEGMENTS_OF.exec(item));
  for (const item of items) if (item !== null) counts[item[1] as TopicKind] = Number(item[2]);
  const isValid =
    items.every((item) => item !== null) && Object.values(counts).every((n) => n >= 1 && n <= MAX_SEGMENTS);
  if (!isValid)
    context.addIssue(
      `must be a number of 1 to ${MAX_SEGMENTS.toLocaleString("en")}, or one for each kind, like contact:16,trust:4`,
    );
  return counts;
});
/** Accounts that may write for others; `*` for everybody; null if the variable is not set. */
export const payers = z
  .string()
  .optional()
  .transform((text, context): ReadonlySet<AccountId> | "*" | null => {
    if (text === undefined) return null;
    if (text.trim() === "*") return "*";
    const ids = list(text).map(parseAccountId);
    if (ids.every((id) => id !== null)) return new Set(ids);
    context.addIssue("must be account ids like 0.0.5005, separated by commas, or * for everybody");
    return z.NEVER;
  });
/** A set of users; empty if the variable is not set. */
export const users = z
  .string()
  .optional()
  .transform((text, context): ReadonlySet<UserId> => {
    const ids = list(text ?? "").map(parseUserId);
    if (ids.every((id) => id !== null)) return new Set(ids);
    context.addIssue("must be account or user ids, separated by commas");
    return z.NEVER;
  });

/** Addresses of a Redis over TCP. The message never holds a part of the text, which may be a password. */
export const redisUrls = z
  .string()
  .optional()
  .transform((text, context): RedisAddresses | null => {
    if (text === undefined) return null;
    try {
      return redisAddresses(text);
    } catch (cause) {
      context.addIssue((cause as RangeError).message);
      return z.NEVER;
    }
  });

/** Client ids of Magic applications; empty if the variable is not set. */
export const clientIds = z
  .string()
  .optional()
  .transform((text): ReadonlySet<string> => new Set(list(text ?? "")));

/** Pairs `issuer=user` of an issuer and a user who may write for it, as keys (core/key). An id here cannot contain `=`. */
export const issuers = z
  .string()
  .optional()
  .transform((text, context): ReadonlySet<string> => {
    const pairs = list(text ?? "").map((pair) => pair.split("=").map((id) => parseUserId(id.trim())));
    if (pairs.every((ids) => ids.length === 2 && ids.every((id) => id !== null)))
      return new Set(pairs.map(([issuer, user]) => keyOf(String(issuer), String(user))));
    context.addIssue(
      "must be pairs like 0.0.5005=0.0.7001, an issuer and a user who writes for it, separated by commas",
    );
    return z.NEVER;
  });
/** Long enough to resist guessing (RFC 4086 §8.2 asks for 128 bits; a hex digit has four). */
export const secret = z
  .string()
  .regex(/^\S{32,}$/, "must have at least 32 characters, none of them white space")
  .optional();
/** Names in the form of Host headers. */
export const domains = z
  .string()
  .optional()
  .transform((text, context): readonly string[] | null => {
    if (text === undefined) return null;
    const names = list(text.toLowerCase());
    if (names.length > 0 && names.every((name) => /^([a-z0-9-]+\.)*[a-z0-9-]+(:\d{1,5})?$/.test(name))) return names;
    context.addIssue("must be names like trustmesh.example or trustmesh.example:8443, separated by commas");
    return z.NEVER;
  });
/** Vercel asks for at least 16 random characters in a schedule's secret (vercel.com/docs/cron-jobs/manage-cron-jobs). */
export const scheduleSecret = z.string().min(16, "must have at least 16 characters").optional();
/** Base addresses of mirrors, the preferred one first; null if the variable is not set. */
export const urls = z
  .string()
  .optional()
  .transform((text, context): readonly string[] | null => {
    if (text === undefined) return null;
    const bases = list(text);
    if (bases.length === 0) context.addIssue("must be http or https addresses, separated by commas");
    for (const base of bases) {
      const address = parseMirrorAddress(base);
      // The message leaves the address out, because it may hold a password.
      if (!address.ok) context.addIssue(`holds an address that ${address.error}`);
    }
    return bases;
  });
/** A mirror's gRPC server; null if the variable is not set. */
export const grpcAddress = z
  .string()
  .optional()
  .transform((text, context): GrpcAddress | null => {
    if (text === undefined) return null;
    const address = parseGrpcAddress(text);
    if (address.ok) return address.value;
    context.addIssue(address.error);
    return z.NEVER;
  });
/** The origin of another deployment's pages; null if the variable is not set. */
export const uiOriginText = z
  .string()
  .optional()
  .transform((text, context): string | null => {
    if (text === undefined) return null;
    const origin = parseUiOrigin(text);
    if (origin.ok) return origin.value;
    context.addIssue(origin.error);
    return z.NEVER;
  });
