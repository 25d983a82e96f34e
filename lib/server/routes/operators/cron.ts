import "server-only";
import { SyncAnswer } from "../../../wire/ledger";
import { bearerToken, isSameSecret } from "../../access/secrets";
import { ProblemError } from "../../http/answers/problem";
import { privateJson } from "../../http/answers/reply";
import { defineRoute } from "../../http/route";
import { syncTopics } from "../ledger";

export const cronSync = defineRoute({
  summary: "Syncs all topics. For a scheduler with CRON_SECRET",
  access: "public",
  limit: "operator",
  bearer: "cron",
  problems: ["no-token", "wrong-token"],
  answer: SyncAnswer,
  handle: async ({ app, request }) => {
    const secret = app.env.CRON_SECRET;
    if (secret === undefined)
      throw new ProblemError("no-token", "This server accepts no schedule until its operator sets CRON_SECRET.");
    const token = bearerToken(request.headers);
    if (token === null || !isSameSecret(token, secret))
      throw new ProblemError("wrong-token", "Send CRON_SECRET as a bearer token to start a sync.");
    const answer = await syncTopics(app);
    // On platforms whose processes do not live on, this route judges health once a minute, and packs a little.
    app.health.look();
    await app.packing?.packForSeconds();
    return privateJson(answer);
  },
});
