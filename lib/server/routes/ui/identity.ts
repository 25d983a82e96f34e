import "server-only";
import { z } from "zod";
import { IdentityAnswer, IdentityQuery, IdentityWriteAnswer } from "../../../wire/ui/reads";
import { privateJson } from "../../http/reply";
import { defineRoute } from "../../http/route";

/** The session says who the caller is. Bindings of others' identities are not read here. */
export const identity = defineRoute({
  summary: "The caller's account, as the web UI looks it up on every page load",
  access: "user",
  limit: "read",
  query: IdentityQuery,
  answer: IdentityAnswer,
  handle: async ({ app, userId, query }) => {
    const isCaller = query.did === undefined;
    const accountId = isCaller ? userId : null;
    return privateJson({
      success: true,
      hederaAccountId: accountId,
      accountId,
      source: isCaller ? "session" : "none",
      updatedAt: isCaller ? new Date(app.clock.now()).toISOString() : null,
    });
  },
});

export const identityWrite = defineRoute({
  summary: "Answers the web UI's sign-in; nothing is written",
  access: "user",
  limit: "read",
  query: IdentityQuery,
  body: z.unknown().meta({ description: "Ignored" }),
  answer: IdentityWriteAnswer,
  handle: async ({ userId }) => privateJson({ success: true, disabled: true, hederaAccountId: userId }),
});
