import "server-only";
/**
 * The first data of a page, for the signed-in user: what the routes of the API answer to this request's session, out of the same
 * caches and under the same limits, without a request to ourselves.
 */
import type { Clock } from "../../ports/clock";
import { MAX_PROFILE_IDS } from "../../wire/recognition";
import type { Rendered } from "../../wire/rendered";
import type { App } from "../boot/app";
import { ROUTES, type RouteName } from "../routes/table";
import { textOf } from "./answers/answer";
import type { HeaderValues } from "./api-request";
import { answer } from "./route";

/** The page waits no longer than this for its data. Without data, its script reads the views. */
export const FIRST_VIEWS_MS = 300;

/** The headers that are passed on to the views. The other headers of a page's request, such as conditions, do not concern the views. */
const PASSED = [
  "cookie",
  "host",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-trustmesh-socket",
  "x-request-id",
  "traceparent",
];

/** The data of the Signals page. Null if nobody is signed in, or if it takes too long. Never rejects. */
export async function firstViews(
  open: () => Promise<App>,
  headers: HeaderValues,
  background: (work: () => Promise<unknown>) => void,
  clock: Pick<Clock, "now" | "sleep">,
): Promise<Rendered | null> {
  const late = new AbortController();
  const read = open().then((app) => readViews(app, headers, background, clock));
  const first = await Promise.race([read.catch(() => null), clock.sleep(FIRST_VIEWS_MS, late.signal).then(() => null)]);
  late.abort();
  return first;
}

async function readViews(
  app: App,
  headers: HeaderValues,
  background: (work: () => Promise<unknown>) => void,
  clock: Pick<Clock, "now">,
): Promise<Rendered | null> {
  const passed: HeaderValues = { get: (name) => (PASSED.includes(name) ? headers.get(name) : null) };
  const ask = async <T>(name: RouteName, query = ""): Promise<T | null> => {
    const url = name.slice("GET ".length) + query;
    const request = { method: "GET", url, headers: passed, body: null };
    const answered = await answer(app, ROUTES[name], { request, params: {}, background });
    return answered.status === 200 ? (JSON.parse(textOf(answered)) as T) : null;
  };
  const session = await ask<Rendered["session"]>("GET /api/auth/session");
  if (!session?.authenticated) return null;
  const [contacts, signals, recognition] = await Promise.all([
    ask<NonNullable<Rendered["contacts"]>>("GET /api/contacts"),
    ask<NonNullable<Rendered["signals"]>>("GET /api/signals"),
    ask<NonNullable<Rendered["recognition"]>>("GET /api/recognition"),
  ]);
  const ids = contacts && [session.userId, ...contacts.contacts.map(({ peerId }) => peerId)];
  const profiles =
    ids && ids.length <= MAX_PROFILE_IDS
      ? await ask<NonNullable<Rendered["profiles"]>>("GET /api/profiles", `?ids=${encodeURIComponent(ids.join(","))}`)
      : null;
  return { atMs: clock.now(), session, contacts, signals, recognition, profiles };
}
