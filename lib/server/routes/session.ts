import "server-only";
import { z } from "zod";
import { parseUserId } from "../../core/ids";
import { DemoAnswer, DemoBody, SessionAnswer } from "../../wire/session";
import { ProblemError } from "../problem";
import { privateJson } from "../reply";
import { defineRoute, type RouteContext } from "../route";

export const session = defineRoute({
  summary: "Who is signed in",
  access: "public",
  answer: SessionAnswer,
  handle: async ({ app, request }) => {
    const userId = await app.sessions.userOf(request.headers.get("cookie"));
    const [profile] = userId === null ? [] : await app.stores.views.profiles([userId]);
    const handle = profile?.displayName ?? profile?.handle ?? userId;
    return privateJson({
      authenticated: userId !== null,
      userId,
      handle,
      network: app.env.HEDERA_NETWORK,
      demo: app.env.allowDemo,
    });
  },
});

function refuseWithoutDemo({ app }: Pick<RouteContext<unknown, unknown>, "app">): void {
  if (!app.env.allowDemo)
    throw new ProblemError("not-found", "Signing in as a demo person is possible on the local devnet only.");
}

export const demoPeople = defineRoute({
  summary: "People to sign in as, on the local devnet only",
  access: "public",
  answer: DemoAnswer,
  handle: async (context) => {
    refuseWithoutDemo(context);
    return privateJson({ people: context.app.people });
  },
});

export const demoSignIn = defineRoute({
  summary: "Signs in as a demo person, on the local devnet only",
  access: "public",
  body: DemoBody,
  answer: SessionAnswer,
  handle: async (context) => {
    refuseWithoutDemo(context);
    const { app, body } = context;
    const userId = parseUserId(body.userId);
    if (userId === null)
      throw new ProblemError("bad-input", "userId: 1 to 50 characters without spaces.", { field: "userId" });
    const handle = app.people.find((person) => person.userId === userId)?.name ?? userId;
    const answer = { authenticated: true, userId, handle, network: app.env.HEDERA_NETWORK, demo: true };
    return privateJson(answer, { "set-cookie": await app.sessions.issue(userId) });
  },
});

export const logout = defineRoute({
  summary: "Signs out",
  access: "public",
  answer: z.object({ ok: z.literal(true) }),
  handle: async ({ app }) => privateJson({ ok: true }, { "set-cookie": app.sessions.clear() }),
});
