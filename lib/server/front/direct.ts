import "server-only";
/** Answers the routes of the table without the framework, which takes 1.6 ms of CPU for each request (docs/measurements.md §1). */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Awaitable, andThen } from "../../core/awaitable";
import type { App } from "../boot/app";
import { type AnyRoute, answer } from "../http/route";
import { ROUTES, type RouteName } from "../routes/table";
import { apiRequest, headOf } from "./admission/request-head";
import { type Report, write } from "./answers/plain-answer";
import { writeInBatch } from "./answers/write-batch";

interface Routed {
  readonly name: RouteName;
  readonly params: Readonly<Record<string, string>>;
  /** The client's address, as limits count it. */
  readonly address: string;
}

export type ServeRoute = (routed: Routed, request: IncomingMessage, response: ServerResponse) => Awaitable<void>;

/** Puts an error that no route has caught into the log and among the latest errors. */
export const failureReport =
  ({ errors, log }: Pick<App, "errors" | "log">): Report =>
  (cause) => {
    errors.note("internal", "other");
    log.error("an answer could not be made", { cause });
  };

/** Answers the API's routes without the framework. Work for later, such as a sync, starts after the answer was written. */
export const routesOf = (app: App): ServeRoute => {
  const report = failureReport(app);
  return ({ name, params, address }, incoming, outgoing) => {
    const later: (() => Promise<unknown>)[] = [];
    const request = apiRequest(headOf(incoming), incoming);
    const route: AnyRoute = ROUTES[name];
    // A client that asks for the headers alone learns the length of the plain body.
    const encoding = request.method === "HEAD" ? null : request.headers.get("accept-encoding");
    const background = (work: () => Promise<unknown>) => void later.push(work);
    return andThen(answer(app, route, { request, params, address, encoding, background }), (sent) => {
      const send = () => {
        write(incoming, outgoing, sent);
        for (const work of later)
          work().catch((cause: unknown) => app.log.error("work after an answer failed", { cause, route: name }));
      };
      // A stream goes on after its headers were written, so the front watches it as it does an answer that is still to come.
      if (typeof sent.body === "function") send();
      else writeInBatch({ request: incoming, response: outgoing, write: send, report });
    });
  };
};
