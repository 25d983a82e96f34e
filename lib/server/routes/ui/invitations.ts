import "server-only";
import { parseUserId, type UserId } from "../../../core/ledger/ids";
import { cleanText } from "../../../core/signals/text";
import type { Invitation } from "../../../engine/writes/invitations";
import { ResolveAnswer, ResolveQuery, ShortenAnswer, ShortenBody } from "../../../wire/ui/invitations";
import type { App } from "../../boot/app";
import { isProblem, ProblemError } from "../../http/answers/problem";
import { privateJson } from "../../http/answers/reply";
import { defineRoute } from "../../http/route";
import { writeUncounted } from "../write-to-ledger";

export const shorten = defineRoute({
  summary: "Registers the caller's invitation, and gives it a short code to show",
  access: "user",
  limit: "submit",
  body: ShortenBody,
  problems: ["unavailable"],
  answer: ShortenAnswer,
  handle: async ({ app, userId, body }) => {
    const nowMs = app.clock.now();
    const expiresAt = nowMs + body.ttl * 1_000;
    const invitation = invitationIn(body.d, userId, expiresAt);
    if (invitation === null)
      throw new ProblemError(
        "bad-input",
        'The member "d" must be an invitation: a CONTACT_REQUEST with a jti, as JSON.',
        { field: "d" },
      );
    if (invitation.inviter !== userId)
      throw new ProblemError("not-yours", "You can only invite in your own name.", { field: "d" });
    if (invitation.untilMs <= nowMs)
      throw new ProblemError("bad-input", "This invitation has expired. Make a new one.", { field: "d" });
    await app.limits.spendForAll("submit", userId);
    const code = await app.invitations.register(invitation, { text: body.d, untilMs: expiresAt });
    return privateJson({ code, expiresAt });
  },
});

/** Public, as whoever scans a code may not have signed in yet. Nobody can guess a code. */
export const resolve = defineRoute({
  summary: "The invitation behind a short code",
  access: "public",
  limit: "open",
  query: ResolveQuery,
  problems: ["not-found"],
  answer: ResolveAnswer,
  handle: async ({ app, query }) => {
    const short = await app.invitations.textOf(query.c);
    if (short === null)
      throw new ProblemError("not-found", "There is no such invitation, or it has expired. Ask for a new one.");
    return privateJson({ d: short.text, expiresAt: short.untilMs });
  },
});

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});

/** Reads an invitation. Null if the text is not one. An invitation without a sender counts as `userId`'s. */
function invitationIn(text: string, userId: UserId, latestMs: number): Invitation | null {
  let json: Fields;
  try {
    json = fieldsOf(JSON.parse(text));
  } catch {
    return null;
  }
  const { type, from, exp } = json;
  const jti = cleanText(json.jti, 100);
  const inviter = from === undefined ? userId : parseUserId(fieldsOf(from).acct ?? from);
  if (type !== "CONTACT_REQUEST" || jti === null || inviter === null) return null;
  const untilMs = typeof exp === "number" ? Math.min(latestMs, exp * 1_000) : latestMs;
  return { inviter, jti, handle: cleanText(fieldsOf(from).handle, 60), untilMs };
}

/**
 * Before an accept: writes the inviter's request, if the accept names an invitation that the inviter has registered. So every
 * reader of the ledger finds that both wanted the bond. Throws a ProblemError if the request cannot be written.
 */
export async function writeInvited(app: App, accepter: UserId, inviter: UserId, accept: unknown): Promise<void> {
  const jti = cleanText(fieldsOf(fieldsOf(accept).req).jti, 100);
  const invitation = jti === null ? null : await app.invitations.take(inviter, jti, accepter);
  if (invitation === null) return;
  const from = { acct: inviter, ...(invitation.handle === null ? {} : { handle: invitation.handle }) };
  try {
    const payload = { from, to: { acct: accepter }, target: accepter, jti };
    await writeUncounted(app, inviter, { type: "CONTACT_REQUEST", to: accepter, payload });
  } catch (cause) {
    // Where the outcome is unknown the invitation stays taken: it counts once.
    if (!isProblem(cause) || cause.code !== "uncertain") await app.invitations.giveBack(invitation);
    throw cause;
  }
}
