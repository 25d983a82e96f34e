import "server-only";
import { z } from "zod";
import { addressOfDid } from "../../../core/ledger/magic-token";
import { IdentityAnswer, IdentityQuery, IdentityWriteAnswer } from "../../../wire/ui/reads";
import type { App } from "../../boot/app";
import { ProblemError } from "../../http/problem";
import { privateJson } from "../../http/reply";
import { defineRoute } from "../../http/route";

/**
 * The session says who the caller is. Another identity is the account that the ledger made from its key's address. Bindings on an
 * identity topic do not count: anybody may write there.
 */
export const identity = defineRoute({
  summary: "The caller's account, or that of an identity `did:ethr:0x…`, as the web UI looks it up",
  access: "user",
  limit: "read",
  query: IdentityQuery,
  problems: ["bad-input"],
  answer: IdentityAnswer,
  handle: async ({ app, userId, query }) => {
    const accountId = query.did === undefined ? userId : await accountOf(app, userId, query.did);
    const source = accountId === null ? "none" : query.did === undefined ? "session" : "mirror";
    const updatedAt = accountId === null ? null : new Date(app.clock.now()).toISOString();
    return privateJson({ success: true, hederaAccountId: accountId, accountId, source, updatedAt });
  },
});

/** One mirror request. Null where the ledger has no such account. */
async function accountOf(app: App, userId: Parameters<App["limits"]["spendUser"]>[1], did: string) {
  const address = addressOfDid(did);
  if (address === null)
    throw new ProblemError("bad-input", "did: an identity looks like did:ethr:0x and 40 hexadecimal digits.", {
      field: "did",
    });
  await app.limits.spendUser("person", userId);
  const found = await app.ledger.accountAt(address);
  if (found.ok) return found.value.isDeleted ? null : found.value.accountId;
  if (found.error.code === "not-found") return null;
  throw new ProblemError("ledger-unavailable", "No mirror node answers this at the moment. Try again shortly.", {
    retryAfterS: Math.ceil((found.error.retryAfterMs ?? 1_000) / 1_000),
  });
}

export const identityWrite = defineRoute({
  summary: "Answers the web UI's sign-in; nothing is written",
  access: "user",
  limit: "read",
  query: IdentityQuery,
  body: z.unknown().meta({ description: "Ignored" }),
  answer: IdentityWriteAnswer,
  handle: async ({ userId }) => privateJson({ success: true, disabled: true, hederaAccountId: userId }),
});
