import "server-only";
import { parseUserId } from "../../../core/ledger/ids";
import { BoostAnswer, BoostBody, SuggestAnswer, SuggestBody } from "../../../wire/ui/writes";
import type { App } from "../../boot/app";
import { ProblemError } from "../../http/answers/problem";
import { defineRoute } from "../../http/route";
import { ledgerPlaceOf, WRITE_PROBLEMS, writeMade, writeOnce } from "../write-to-ledger";

function refuseWithoutFeature({ env }: App): void {
  if (env.FEATURE_GZ_BOOST_API !== "1")
    throw new ProblemError(
      "not-found",
      "Boosts are off here. The operator can turn them on with FEATURE_GZ_BOOST_API=1.",
    );
}

/** A boost is anonymous: it is the operator's message, and does not say who asked for it. */
export const boost = defineRoute({
  summary: "Boosts a signal anonymously",
  access: "user",
  limit: "submit",
  body: BoostBody,
  heeds: ["Idempotency-Key"],
  problems: ["not-found", ...WRITE_PROBLEMS],
  answer: BoostAnswer,
  handle: async (context) => {
    const { app, body, background } = context;
    refuseWithoutFeature(app);
    const operator = parseUserId(app.operatorId);
    if (operator === null)
      throw new ProblemError("read-only", "This server has no operator account, so it cannot write for anybody.");
    return writeOnce(context, "boost", async (guarded) => {
      const payload = { t: "signal.boost@1", boost_id: body.boostId, anon: true, ts: app.clock.now() };
      const sent = await writeMade(app, guarded, operator, { type: "RECOGNITION_MINT", payload });
      background(() => app.scheduler.syncNow([sent.topicId]));
      return { ok: true, boostId: body.boostId, ...ledgerPlaceOf(sent) };
    });
  },
});

export const suggest = defineRoute({
  summary: "Suggests a recognition for a boosted signal",
  access: "user",
  limit: "submit",
  body: SuggestBody,
  namesNobody: ["sessionId"],
  heeds: ["Idempotency-Key"],
  problems: ["not-found", ...WRITE_PROBLEMS],
  answer: SuggestAnswer,
  handle: async (context) => {
    const { app, userId, body, background } = context;
    refuseWithoutFeature(app);
    const { boostId, def_id, note, sessionId } = body;
    return writeOnce(context, "suggest", async (guarded) => {
      const names = { boost_id: boostId, def_id, note, suggester: sessionId };
      const payload = { t: "signal.suggest@1", ...names, ts: app.clock.now() };
      const sent = await writeMade(app, guarded, userId, { type: "RECOGNITION_MINT", payload });
      background(() => app.scheduler.syncNow([sent.topicId]));
      return { ok: true, boostId, def_id, ...ledgerPlaceOf(sent) };
    });
  },
});
