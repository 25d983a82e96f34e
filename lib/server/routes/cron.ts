import "server-only";
import { SyncAnswer } from "../../wire/submit";
import { bearerToken, isSameSecret } from "../access/secrets";
import { ProblemError } from "../http/problem";
import { privateJson } from "../http/reply";
import { defineRoute } from "../http/route";
import { syncTopics } from "./ledger";

export const cronSync = defineRoute({
  summary: "Brings all topics up to date, for a scheduler that knows CRON_SECRET",
  access: "public",
  limit: "operator",
  bearer: "cron",
  problems: ["no-token", "wrong-token"],
  answer: SyncAnswer,
  handle: async ({ app, request }) => {
    const secret = app.env.CRON_SECRET;
    if (secret === undefined)
      throw new ProblemError("no-token", "There is no schedule here: its operator has not set CRON_SECRET.");
    const token = bearerToken(request.headers);
    if (token === null || !isSameSecret(token, secret))
      throw new ProblemError("wrong-token", "Send CRON_SECRET as a bearer token to start a sync.");
    const answer = await syncTopics(app);
    // On platforms whose processes do not live on, this route looks once a minute.
    app.health.look();
    return privateJson(answer);
  },
});
