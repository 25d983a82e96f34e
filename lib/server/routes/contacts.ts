import "server-only";
import { type Awaitable, andThen } from "../../core/awaitable";
import { circleView, contactsView } from "../../core/signals/views";
import { CircleAnswer, ContactsAnswer } from "../../wire/contacts";
import type { App } from "../boot/app";
import type { Answer } from "../http/answers/answer";
import { ProblemError } from "../http/answers/problem";
import { beforeRead, viewAnswer } from "../http/answers/reply";
import { defineRoute, type UserContext } from "../http/route";

/** `_meta` of the circle: its source, and the newest change of a bond that it shows. */
function circleMeta(view: ReturnType<typeof circleView>) {
  const newestMs = Math.max(0, ...view.bondedContacts.map(({ bondedAt }) => bondedAt));
  const isCapped = view.bondedContacts.length < view.trustStats.bondedContacts;
  return {
    source: "hcs-cached",
    lastUpdated: new Date(newestMs).toISOString(),
    ...(isCapped ? { cappedAt: view.bondedContacts.length } : {}),
  };
}

type Shape = (
  userId: UserContext<unknown, unknown>["userId"],
  edges: Parameters<typeof contactsView>[1],
) => Readonly<Record<string, unknown>>;

function edgesRoute(name: string, shape: Shape) {
  return (context: UserContext<unknown, unknown>): Awaitable<Answer> => {
    const { app, userId } = context;
    const startMs = app.clock.now();
    const { need, began } = beforeRead(context);
    return andThen(
      app.reader.read(userId, name, () => load(app, userId, shape), need),
      (result) => {
        if (!result.ok)
          throw new ProblemError("unavailable", "Your contacts cannot be read at the moment. Try again shortly.");
        return viewAnswer(context, result.value, startMs, began);
      },
    );
  };
}

async function load({ stores }: App, userId: UserContext<unknown, unknown>["userId"], shape: Shape) {
  const { position, edges } = await stores.views.contacts(userId);
  return { position, content: shape(userId, edges) };
}

export const contacts = defineRoute({
  summary: "Bonded contacts, requests in both directions and trust of the caller",
  access: "user",
  limit: "read",
  heeds: ["If-Min-Sequence"],
  sends: ["view"],
  answer: ContactsAnswer,
  handle: edgesRoute("contacts", contactsView),
});

export const circle = defineRoute({
  summary: "The caller's circle: bonded contacts and the nine slots of trust",
  access: "user",
  limit: "read",
  heeds: ["If-Min-Sequence"],
  sends: ["view"],
  answer: CircleAnswer,
  handle: edgesRoute("circle", (userId, edges) => {
    const view = circleView(userId, edges);
    return { ...view, _meta: circleMeta(view) };
  }),
});
