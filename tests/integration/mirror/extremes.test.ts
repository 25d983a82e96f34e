/** Every parameter of every route, with numbers and cursors that are out of every range: refused in a sentence, never with 500. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import type { AnyRoute } from "@/lib/server/http/route";
import { createLog } from "@/lib/server/observe/log";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
const TOKEN = "token-of-the-sweep-of-extremes-0123456789";
/** Values at the limits of columns, casts, parsers and doubles, and just beyond. None is a valid number here. */
const EXTREMES = [
  ...["-1", "1e3", "1.5", "0x10", "0b1", "NaN", "Infinity", "-Infinity", "١٢٣", "1_000", "+1", " 1", "0.0.0.0"],
  ...["2147483648", "4294967296", String(2 ** 40), String(2 ** 41 + 1), "9007199254740992", "9007199254740993"],
  ...["9223372036854775807", "9223372036854775808", "18446744073709551616", "99999999999999999999999999"],
  ...["999999999999", "999999999999.999999999", "9223372036.854775808", "9223372037", "-1.000000001"],
  ...["9".repeat(400), "a\u0000b", "\ud800", "', 1); --"],
  ...["9223372036.854775808", "999999999999"].map((text) => Buffer.from(text).toString("base64url")),
];

let t: TestApp;
let cookie: string;
const lines: string[] = [];
beforeAll(async () => {
  t = await startTestApp({
    env: {
      ADMIN_TOKEN: TOKEN,
      METRICS_TOKEN: TOKEN,
      CRON_SECRET: TOKEN,
      RATE_LIMITS: "0",
      APP_DOMAIN: "app.test",
      STREAMS_PER_USER: "99",
    },
  });
  t.devnet.submitMany(t.devnet.topics.contact, [
    { type: "CONTACT_REQUEST", from: ALICE, to: "tm-bob" },
    { type: "CONTACT_ACCEPT", from: "tm-bob", to: ALICE },
  ]);
  await t.sync();
  const document = await (await t.ask("GET", "/api/openapi.json", null)).json();
  documented = (document as { paths: typeof documented }).paths;
  cookie = (await t.app.sessions.issue(ALICE as UserId)).split(";")[0] as string;
  Object.assign(
    t.app.log,
    createLog((line) => void lines.push(line), false),
  );
});
afterAll(() => t.close());

interface Documented {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { content: Record<string, { schema: Schema }> };
}
interface Schema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly anyOf?: readonly Schema[];
}
const names = Object.keys(ROUTES) as RouteName[];
/** Headers that hold numbers, cursors or keys, and where they are read. */
const HEADERS: Readonly<Record<string, (name: RouteName, access: string) => boolean>> = {
  "if-min-sequence": (_, access) => access === "user",
  "if-none-match": (_, access) => access === "user",
  "last-event-id": (name) => name === "GET /api/stream",
  "idempotency-key": (name) => name.startsWith("POST"),
  "content-length": (name) => name.startsWith("POST"),
};
const membersOf = ({ properties = {}, anyOf = [] }: Schema): string[] => [
  ...Object.keys(properties),
  ...anyOf.flatMap(membersOf),
];

let documented: Record<string, Record<string, Documented>>;

function parametersOf(name: RouteName): { place: string; name: string }[] {
  const [method, path] = name.split(" ") as [string, string];
  const { parameters = [], requestBody } = documented[path]?.[method.toLowerCase()] ?? {};
  const { access }: AnyRoute = ROUTES[name];
  const headers = Object.keys(HEADERS).filter((header) => HEADERS[header]?.(name, access));
  const body = requestBody?.content["application/json"]?.schema;
  return [
    ...parameters.map((each) => ({ place: each.in, name: each.name })),
    ...headers.map((header) => ({ place: "header", name: header })),
    ...(body === undefined ? [] : membersOf(body).map((member) => ({ place: "body", name: member }))),
  ];
}

/** Valid values, so that the single invalid one gets as far as it can. */
const RIGHT: Readonly<Record<string, string>> = { sequence: "1", ids: ALICE, cursor: "1" };

async function ask(name: RouteName, wrong: { place: string; name: string }, value: string): Promise<Response> {
  const [method, template] = name.split(" ") as ["GET" | "POST", string];
  const given = (place: string, other: string) => (wrong.place === place && wrong.name === other ? value : undefined);
  const encode = (text: string) => encodeURIComponent(text.toWellFormed());
  const path = template.replaceAll(/\{(\w+)\}/g, (_, part: string) =>
    encode(given("path", part) ?? (part === "topicId" ? t.devnet.topics.contact : (RIGHT[part] ?? "1"))),
  );
  const query =
    wrong.place === "query" ? `?${wrong.name}=${encode(value)}` : name.endsWith("profiles") ? "?ids=tm-alice" : "";
  const route: AnyRoute = ROUTES[name];
  const headers: Record<string, string> = {
    ...(route.access === "user" ? { cookie } : { authorization: `Bearer ${TOKEN}` }),
    ...(wrong.place === "header" ? { [wrong.name]: value.replace(/[^\x20-\x7e]/g, "") } : {}),
  };
  const ts = Math.floor(t.clock.now() / 1_000);
  const write = name.endsWith("submit")
    ? { type: "NOTE", from: ALICE, nonce: 1, ts, payload: { target: "tm-bob" } }
    : {};
  const number = Number(value);
  const member = Number.isFinite(number) && number !== 0 ? [value, number, [value]] : [value, [value]];
  const bodies =
    method === "GET"
      ? [undefined]
      : wrong.place === "body"
        ? member.map((each) => ({ ...write, [wrong.name]: each }))
        : [write];
  let last: Response | undefined;
  for (const body of bodies) {
    const left = new AbortController();
    last = await t.ask(method, path + query, null, {
      headers,
      signal: left.signal,
      withoutBackground: true,
      ...(body === undefined ? {} : { body }),
    });
    expect([200, 304, 400, 401, 403, 404, 409, 413, 503], `${name} ${wrong.name}=${value}\n${lines.at(-1)}`).toContain(
      last.status,
    );
    if (last.headers.get("content-type")?.startsWith("text/event-stream")) await last.body?.cancel();
    left.abort();
  }
  return last as Response;
}

describe("a value out of every range", () => {
  it.each(names)("breaks nothing and is not logged: %s", async (name) => {
    for (const parameter of parametersOf(name)) {
      lines.length = 0;
      await Promise.all(EXTREMES.map((value) => ask(name, parameter, value)));
      // The log names the actions of operators, with their targets, on purpose.
      const told = lines.filter((line) => !line.includes('"actor":'));
      for (const line of told) expect(line).not.toContain('"level":"error"');
      for (const value of EXTREMES.filter(({ length }) => length > 6)) expect(told.join("\n")).not.toContain(value);
    }
  });
});

it("is refused as a number or a cursor, and never read as another value", async () => {
  const contact = t.devnet.topics.contact;
  const refused: readonly string[] = [
    ...["0", "-1", "1e1", "0x10", "101", "1.0", "%201", "", "9007199254740993"].map(
      (text) => `/api/signals?limit=${text}`,
    ),
    ...["0", "201", "1e2"].map((text) => `/api/hcs/events?limit=${text}`),
    ...["999999999999", "9223372036.854775808", "-1", "1.", "abc"].map((text) => `/api/hcs/events?since=${text}`),
    ...["999999999999", "9223372037", "x"].map(
      (text) => `/api/signals?cursor=${Buffer.from(text).toString("base64url")}`,
    ),
    ...["-1", "9007199254740993", "1e3", "99999999999999999999"].flatMap((text) => [
      `/api/stream?cursor=${text}`,
      `/api/stream?lastEventId=${text}`,
    ]),
    ...["0", "-1", "1.5", "1e3", "9007199254740993"].map((text) => `/api/proof/${contact}/${text}`),
  ];
  for (const path of refused) expect((await t.ask("GET", path, ALICE)).status, path).toBe(400);
  // A number that no message has yet, of which the last bits are those of one that is there.
  for (const sequence of [1 + 2 ** 40, 1 + 2 ** 41, 1 + 2 ** 52])
    expect((await t.ask("GET", `/api/proof/${contact}/${sequence}`, ALICE)).status).toBe(404);
  const operator = { headers: { authorization: `Bearer ${TOKEN}` } };
  for (const query of ["limit=0", "limit=201", "limit=1e2", "before=0", "before=-1", "before=9007199254740992"])
    expect((await t.ask("GET", `/api/admin/audit-log?${query}`, null, operator)).status, query).toBe(400);
  const topics = Array.from({ length: 17 }, (_, i) => `${contact.replace(/\d+$/, String(i + 1))}=1`).join(",");
  expect((await t.ask("GET", "/api/contacts", ALICE, { headers: { "if-min-sequence": topics } })).status).toBe(400);
});
