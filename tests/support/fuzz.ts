/** Hostile requests to every route, with values that break parsers, keys, statements, pages and logs. */
import fc from "fast-check";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";

/** Marks values that the fuzzer makes up. No log line may hold it. */
export const CANARY = "c4n4ry";

export interface FuzzedRequest {
  readonly name: RouteName;
  readonly params: Readonly<Record<string, string>>;
  /** Percent-encoded, without `?`. */
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Undefined for a request without a body. */
  readonly body: string | undefined;
  readonly session: "none" | "user" | "stale" | "garbage";
  /** Whether the database fails during this request. */
  readonly isStoreDown: boolean;
}

const names = Object.keys(ROUTES) as RouteName[];

/** Texts that are known to break programs. */
const NASTY = [
  "",
  " ",
  "0",
  "-1",
  "1e309",
  "NaN",
  "null",
  "undefined",
  "true",
  "[object Object]",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "' OR 1=1 --",
  "'; DROP TABLE user_heads; --",
  "$1",
  "{}",
  '{"a":',
  "%00",
  "\u0000",
  "\ud800",
  "\u202egnp.exe",
  "\u200b\u2066x\u2069",
  "<script>alert(1)</script>",
  "javascript:alert(1)",
  "../../../../etc/passwd",
  "..%2f..%2f",
  "tm:devnet:tm-a:contacts",
  "*",
  "tm-a\r\nSet-Cookie: a=b",
  "%E0%A4%A",
  "0.0.0",
  "0.0.1001",
  "0.0.99999999999999999999",
  "-0.0.1",
  "00.0.1",
  "9007199254740993",
  "18446744073709551616",
  "1790000000.123456789",
  "9999999999999.999999999",
  "🌱".repeat(60),
  "a".repeat(5_000),
  ",".repeat(500),
  "tm-a,".repeat(200),
  `W/"x", *, "${"y".repeat(2_000)}"`,
];

const text = fc
  .oneof(
    { weight: 5, arbitrary: fc.constantFrom(...NASTY) },
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
    { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 200 }) },
    { weight: 1, arbitrary: fc.integer().map(String) },
    { weight: 1, arbitrary: fc.constantFrom("tm-a", "tm-b", "tm-mallory", "0.0.5") },
  )
  .map((value) => value);
/** A text as it is, or behind the canary. A mark would spoil some of the special texts. */
const marked = fc.oneof(
  text,
  text.map((value) => CANARY + value),
);

const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("list"), tie("object")),
  leaf: fc.oneof(
    marked,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, 1e308, -0, 2 ** 53, 2 ** 63, 1.5),
  ),
  list: fc.array(tie("value"), { maxLength: 5 }),
  object: fc.dictionary(fc.oneof(marked, fc.constantFrom(...memberNames())), tie("value"), { maxKeys: 6 }),
})).value;

/** Names that some route or message reads, so that values pass the first check. */
function memberNames(): string[] {
  return [
    ...["type", "from", "to", "nonce", "ts", "payload", "hcs", "v", "target", "actor", "owner", "sessionId", "userId"],
    ...["topics", "accountId", "challenge", "signatureMap", "everywhere", "weight", "recognitionId", "handle", "note"],
    ...["displayName", "profile", "metadata", "id", "ids", "limit", "cursor", "since", "__proto__", "constructor"],
  ];
}

/** A write as the UI makes it. With one wrong value, it passes the schema and meets the rules behind it. */
const envelope = fc
  .record({
    type: fc.oneof(fc.constantFrom("CONTACT_REQUEST", "TRUST_ALLOCATE", "PROFILE_UPDATE", "RECOGNITION_MINT"), marked),
    from: fc.oneof({ weight: 4, arbitrary: fc.constant("tm-a") }, { weight: 1, arbitrary: marked }),
    nonce: fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.double()),
    ts: fc.oneof(fc.constant(1_795_392_000), fc.integer(), fc.double()),
    payload: fc.dictionary(fc.oneof(fc.constantFrom(...memberNames()), marked), json, { maxKeys: 5 }),
  })
  .chain((whole) => fc.constantFrom(whole, { hcs: "21", v: "1.0", ...whole, type: 1 }));

const accountBody = fc.record({
  accountId: fc.constantFrom("0.0.2", "0.0.5", "0.0.999999"),
  challenge: marked,
  signatureMap: fc.base64String({ maxLength: 400 }),
});

const bodyText = fc.oneof(
  { weight: 6, arbitrary: json.map((value) => JSON.stringify(value)) },
  { weight: 4, arbitrary: envelope.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: accountBody.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: marked },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "[".repeat(30_000),
      '{"a":'.repeat(5_000),
      `"${"x".repeat(66_000)}"`,
      "\u0000",
      "{}",
      "null",
      "[]",
      "\ufeff{}",
    ),
  },
);

const QUERY_NAMES = [
  "type",
  "limit",
  "cursor",
  "since",
  "ids",
  "sessionId",
  "userId",
  "owner",
  "__proto__",
  "constructor",
  "a[b]",
];
const query = fc
  .array(
    fc.tuple(
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...QUERY_NAMES) }, { weight: 1, arbitrary: marked }),
      marked,
    ),
    { maxLength: 4 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&"));
/** `encodeURIComponent` for any string. Lone surrogates become the replacement character. */
const encode = (value: string) => encodeURIComponent(value.toWellFormed());

const HEADER_NAMES = [
  ...["if-none-match", "if-min-sequence", "last-event-id", "idempotency-key", "authorization", "accept", "origin"],
  ...["sec-fetch-site", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "content-length", "content-type"],
];
/** A value that a header may hold. Node refuses all others before our code runs. */
const headerValue = marked.map((value) =>
  value
    .replace(/[^\x20-\x7e]/g, "")
    .slice(0, 4_000)
    .trim(),
);
const headers = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom(...HEADER_NAMES), headerValue),
    fc.constantFrom<[string, string]>(
      ["content-type", "text/plain"],
      ["content-type", "application/json; charset=utf-16"],
      ["if-none-match", "*"],
      ["if-min-sequence", "0.0.1001=1"],
      ["if-min-sequence", "0.0.1001=999999"],
      ["authorization", `Bearer ${CANARY}`],
    ),
  ),
  { maxLength: 3 },
);

/** Path values, most of them valid. A route looks nothing up unless all its path values are valid. */
const pathValue = fc.oneof(
  { weight: 1, arbitrary: marked },
  { weight: 5, arbitrary: fc.constantFrom("0.0.1001", "0.0.1002", "0.0.999999", "1", "2", "999999") },
);

export const fuzzedRequest: fc.Arbitrary<FuzzedRequest> = fc.constantFrom(...names).chain((name) => {
  const route: AnyRoute = ROUTES[name];
  const params = [...name.matchAll(/\{(\w+)\}/g)].map(([, param]) => param as string);
  return fc.record({
    name: fc.constant(name),
    params: fc.record(Object.fromEntries(params.map((param) => [param, pathValue]))),
    query,
    headers,
    body: name.startsWith("GET")
      ? fc.constant(undefined)
      : fc.option(bodyText, { nil: undefined, freq: route.body ? 20 : 2 }),
    session: fc.constantFrom("none", "user", "user", "user", "stale", "garbage" as const),
    isStoreDown: fc.nat({ max: 60 }).map((n) => n === 0),
  });
});

/** The request as it arrives. Null if its headers are invalid, so that no client could send it. */
export function requestOf(
  { name, params, query: text, headers: more, body }: FuzzedRequest,
  cookie: string | null,
): Request | null {
  const [method = "", template = ""] = name.split(" ");
  const path = template.replaceAll(/\{(\w+)\}/g, (_, param: string) => encode(params[param] ?? ""));
  const all = new Headers({ host: "app.test" });
  if (cookie !== null) all.set("cookie", cookie);
  if (body !== undefined) all.set("content-type", "application/json");
  try {
    for (const [header, value] of more) all.set(header, value);
    return new Request(new URL(`${path}${text === "" ? "" : `?${text}`}`, "http://app.test"), {
      method,
      headers: all,
      ...(body === undefined ? {} : { body }),
    });
  } catch {
    return null;
  }
}
