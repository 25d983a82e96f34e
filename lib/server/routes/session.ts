import "server-only";
import { z } from "zod/mini";
import { orElse } from "../../core/awaitable";
import { parseUserId, toAccountId, type UserId } from "../../core/ledger/ids";
import { ifDown } from "../../ports/tier-unavailable";
import { ChallengeBody, DemoBody, LogoutBody, VerifyBody } from "../../wire/requests";
import { ChallengeAnswer, DemoAnswer, SessionAnswer } from "../../wire/sign-in/session";
import { walletChain } from "../../wire/sign-in/wallet";
import { isAdmin } from "../access/admins";
import { callerOf, magicSessionOf } from "../access/caller";
import { isThisMachine } from "../access/client-address";
import type { Caller } from "../access/sign-in";
import type { App } from "../boot/app";
import { isProblem, ProblemError } from "../http/answers/problem";
import { privateJson } from "../http/answers/reply";
import type { ApiRequest } from "../http/api-request";
import { defineRoute, type RouteContext } from "../http/route";

export const session = defineRoute({
  summary: "The session's user",
  access: "public",
  limit: "open",
  sends: ["cookie"],
  problems: ["wrong-token", "account-refused", "ledger-unavailable"],
  answer: SessionAnswer,
  handle: async ({ app, request }) => {
    const caller = await callerOf(app, request);
    const cookie = caller?.setCookie ?? null;
    return privateJson(
      await sessionAnswer(app, caller?.userId ?? null),
      cookie === null ? {} : { "set-cookie": cookie },
    );
  },
});

async function sessionAnswer(app: App, userId: UserId | null): Promise<SessionAnswer> {
  return {
    authenticated: userId !== null,
    userId,
    handle: userId && (await nameOf(app, userId)),
    network: app.env.HEDERA_NETWORK,
    admin: isAdmin(app, userId),
    demo: app.env.allowDemo,
    strictBonding: app.env.isStrict,
    wallet: walletOf(app),
  };
}

/** The name of somebody's profile, or else of the devnet's list, because the devnet's operator publishes no profile. */
async function nameOf(app: App, userId: UserId): Promise<string> {
  const published = await publishedNames(app, [userId]);
  return published.get(userId) ?? app.people.find((each) => each.userId === userId)?.name ?? userId;
}

/**
 * The names of these people's profiles. A session needs no database. While Postgres is down, people who are signed in stay
 * so, without a published name.
 */
async function publishedNames({ stores }: App, userIds: readonly UserId[]): Promise<ReadonlyMap<string, string>> {
  const profiles = await stores.views.profiles(userIds).catch(ifDown("postgres", () => []));
  return new Map(
    profiles.flatMap(({ userId, displayName, handle }) => {
      const name = displayName ?? handle;
      return name === null ? [] : [[userId, name]];
    }),
  );
}

function walletOf({ env }: App): SessionAnswer["wallet"] {
  if (env.WALLETCONNECT_PROJECT_ID === undefined) return null;
  const chainId = walletChain(env.HEDERA_NETWORK);
  return { projectId: env.WALLETCONNECT_PROJECT_ID, relayUrl: env.WALLETCONNECT_RELAY_URL, chainId };
}

const siteOf = ({ headers }: ApiRequest): Caller => ({
  host: headers.get("host"),
  isThisMachine: isThisMachine((name) => headers.get(name)),
});

export const challenge = defineRoute({
  summary: "A challenge that a Hedera account's wallet signs to sign in",
  access: "public",
  limit: "sign-in",
  body: ChallengeBody,
  problems: ["not-configured"],
  answer: ChallengeAnswer,
  handle: async ({ app, body, request }) =>
    privateJson(app.signIn.challenge(toAccountId(body.accountId), siteOf(request))),
});

export const verify = defineRoute({
  summary: "Signs in with the wallet's answer to a challenge",
  access: "public",
  limit: "sign-in",
  body: VerifyBody,
  sends: ["cookie"],
  problems: ["challenge", "challenge-used", "signature", "account-refused", "ledger-unavailable", "not-configured"],
  answer: SessionAnswer,
  handle: async ({ app, body, request }) => {
    const { accountId, challenge: asked, signatureMap } = body;
    const userId = await app.signIn.verify(toAccountId(accountId), asked, signatureMap, siteOf(request));
    await app.limits.spendUser("sign-in", userId);
    const answer = await sessionAnswer(app, userId);
    return privateJson(answer, { "set-cookie": await app.sessions.issue(userId) });
  },
});

function refuseWithoutDemo({ app }: Pick<RouteContext<unknown, unknown>, "app">): void {
  if (!app.env.allowDemo)
    throw new ProblemError("not-found", "Signing in as a demo person works on the local devnet only.");
}

export const demoPeople = defineRoute({
  summary: "The demo people, on the local devnet only",
  access: "public",
  limit: "open",
  problems: ["not-found"],
  answer: DemoAnswer,
  handle: async (context) => {
    refuseWithoutDemo(context);
    const { app } = context;
    const ids = app.people.flatMap(({ userId }) => parseUserId(userId) ?? []);
    const names = await publishedNames(app, ids);
    return privateJson({ people: app.people.map((each) => ({ ...each, name: names.get(each.userId) ?? each.name })) });
  },
});

export const demoSignIn = defineRoute({
  summary: "Signs in as a demo person or somebody new, on the local devnet only",
  access: "public",
  limit: "demo",
  body: DemoBody,
  sends: ["cookie"],
  problems: ["not-found"],
  answer: SessionAnswer,
  handle: async (context) => {
    refuseWithoutDemo(context);
    const { app, body } = context;
    const userId = parseUserId(body.userId);
    if (userId === null)
      throw new ProblemError("bad-input", 'The member "userId" must have 1 to 50 characters without spaces.', {
        field: "userId",
      });
    return privateJson(await sessionAnswer(app, userId), { "set-cookie": await app.sessions.issue(userId) });
  },
});

/** A token that does not count has no session to end. It must not keep the cookie's session alive. */
const tokenSession = (app: App, request: ApiRequest, cookieUser: UserId | null) =>
  orElse(
    () => magicSessionOf(app, request, cookieUser),
    (cause) => {
      if (isProblem(cause)) return null;
      throw cause;
    },
  );

export const logout = defineRoute({
  summary: "Signs out, on this device or on all devices",
  access: "public",
  limit: "sign-out",
  body: LogoutBody,
  sends: ["cookie"],
  problems: ["no-session"],
  answer: z.object({ ok: z.literal(true) }),
  handle: async ({ app, body, request }) => {
    const cookieSession = await app.sessions.sessionOf(request.headers.get("cookie"));
    const magicSession = await tokenSession(app, request, cookieSession?.userId ?? null);
    const sessions = [cookieSession, magicSession].filter((session) => session !== null);
    if (sessions.length === 0 && body.everywhere)
      throw new ProblemError("no-session", "Sign in to sign out everywhere.");
    for (const { id, userId } of sessions) {
      await app.limits.spendUser("sign-out", userId);
      await (body.everywhere ? app.signOuts.signOut(userId) : app.signOuts.endSession(id));
    }
    return privateJson({ ok: true }, { "set-cookie": app.sessions.clear() });
  },
});
