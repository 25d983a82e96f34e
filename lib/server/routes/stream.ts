import "server-only";
import { ProblemError } from "../problem";
import { beforeRead } from "../reply";
import { defineRoute } from "../route";
import { parseEventId, sseResponse } from "../sse";

export const stream = defineRoute({
  summary: "Changes as they happen, as server-sent events; resumes at Last-Event-ID or ?cursor=",
  access: "user",
  limit: "stream",
  answer: "text/event-stream",
  handle: async (context) => {
    const { app, userId, request, url } = context;
    // The browser's own header wins: it is where this very page has got to; ?cursor= is where it began.
    const given = request.headers.get("last-event-id") ?? url.searchParams.get("cursor");
    const cursor = given === null || given === "" ? null : parseEventId(given);
    if (cursor === undefined)
      throw new ProblemError("bad-input", "cursor: a position, as an event id is.", { field: "cursor" });
    await beforeRead(context);
    return sseResponse(app, userId, cursor, request.signal);
  },
});
