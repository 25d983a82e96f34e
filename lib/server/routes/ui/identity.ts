import "server-only";
import { z } from "zod/mini";
import { toMs } from "../../../core/ledger/consensus-time";
import type { UserId } from "../../../core/ledger/ids";
import { addressOfDid, type EvmAddress } from "../../../core/ledger/magic-token";
import { described } from "../../../wire/common";
import { IdentityAnswer, IdentityQuery, IdentityWriteAnswer } from "../../../wire/ui/reads";
import type { App } from "../../boot/app";
import { ProblemError } from "../../http/answers/problem";
import { privateJson } from "../../http/answers/reply";
import { defineRoute } from "../../http/route";

/**
 * The session says who the caller is. Any other identity stands for the account that it is bound to (TOPIC_IDENTITY), or else for the
 * account that the ledger made from its key's address.
 */
export const identity = defineRoute({
  summary: "The caller's account, or that of an identity `did:ethr:0x…`, as the web UI looks it up",
  access: "user",
  limit: "read",
  query: IdentityQuery,
  problems: ["bad-input", "ledger-unavailable"],
  answer: IdentityAnswer,
  handle: async ({ app, userId, query }) => {
    const now = new Date(app.clock.now()).toISOString();
    const found =
      query.did === undefined
        ? { accountId: userId, source: "session" as const, updatedAt: now }
        : await identityOf(app, userId, query.did, now);
    return privateJson({ success: true, hederaAccountId: found.accountId, ...found });
  },
});

/** One statement, and one mirror request for an identity that is not bound. */
async function identityOf(app: App, userId: UserId, did: string, now: string) {
  const address = addressOfDid(did);
  if (address === null)
    throw new ProblemError(
      "bad-input",
      'The parameter "did" must be an identity: did:ethr:0x and 40 hexadecimal digits.',
      {
        field: "did",
      },
    );
  await app.limits.spendUser("person", userId);
  const binding = await app.identities.bindingOf(address);
  if (binding !== null) {
    const updatedAt = new Date(toMs(binding.sinceNs)).toISOString();
    return { accountId: binding.accountId, source: "binding" as const, updatedAt };
  }
  const accountId = await accountAt(app, address);
  return accountId === null
    ? { accountId, source: "none" as const, updatedAt: null }
    : { accountId, source: "mirror" as const, updatedAt: now };
}

/** One mirror request. Null where the ledger has no such account. */
async function accountAt(app: App, address: EvmAddress) {
  const found = await app.ledger.accountAt(address);
  if (found.ok) return found.value.isDeleted ? null : found.value.accountId;
  if (found.error.code === "not-found") return null;
  throw new ProblemError("ledger-unavailable", "No mirror node answers this at the moment. Try again shortly.", {
    retryAfterS: Math.ceil((found.error.retryAfterMs ?? 1_000) / 1_000),
  });
}

export const identityWrite = defineRoute({
  summary: "For the web UI's sign-in; writes nothing",
  access: "user",
  limit: "read",
  query: IdentityQuery,
  body: described(z.unknown(), "Ignored"),
  answer: IdentityWriteAnswer,
  handle: async ({ userId }) => privateJson({ success: true, disabled: true, hederaAccountId: userId }),
});
