import "server-only";
import { parsePosition } from "../../core/signals/position";
import { StreamQuery } from "../../wire/requests";
import { ProblemError } from "../http/answers/problem";
import { beforeRead } from "../http/answers/reply";
import { defineRoute } from "../http/route";
import { eventStream } from "./event-stream";

export const stream = defineRoute({
  summary: "Changes as they happen, as server-sent events; resumes at Last-Event-ID or ?cursor=",
  access: "user",
  limit: "stream",
  query: StreamQuery,
  heeds: ["Last-Event-ID", "If-Min-Sequence"],
  answer: "text/event-stream",
  handle: (context) => {
    const { app, userId, session, request, query } = context;
    // Last-Event-ID is newer than the page's cursor. Some clients send it empty before their first event.
    const given = request.headers.get("last-event-id") || query.lastEventId || query.cursor || null;
    const cursor = given === null ? null : parsePosition(given);
    if (given !== null && cursor === null)
      throw new ProblemError("bad-input", "The header Last-Event-ID must be the id of an event.", {
        field: "Last-Event-ID",
      });
    beforeRead(context);
    return eventStream(app, { userId, session }, cursor);
  },
});
