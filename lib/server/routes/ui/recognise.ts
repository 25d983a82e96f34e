import "server-only";
import { keyOf } from "../../../core/key";
import { signalId } from "../../../core/ledger/ids";
import type { GuardedWrite } from "../../../engine/writes/guarded-write";
import type { Envelope } from "../../../engine/writes/submit";
import {
  CreateRecognitionAnswer,
  CreateRecognitionBody,
  IssuerAnswer,
  IssuerBody,
  MintAnswer,
  MintBody,
} from "../../../wire/ui/writes";
import { ProblemError } from "../../http/answers/problem";
import { defineRoute } from "../../http/route";
import { ledgerPlaceOf, sentOrThrow, WRITE_PROBLEMS, writeMade, writeOnce } from "../write-to-ledger";

const MINT_NAMES = { to: "recipientId", signature: "signature", timestamp: "timestamp" };

export const mintRecognition = defineRoute({
  summary: "Gives somebody a recognition, with the signature of the caller's own key",
  access: "user",
  limit: "submit",
  body: MintBody,
  heeds: ["Idempotency-Key"],
  problems: WRITE_PROBLEMS,
  answer: MintAnswer,
  handle: async (context) => {
    const { app, userId, body, background } = context;
    if (body.issuerId !== userId)
      throw new ProblemError("not-yours", "You can only give in your own name.", { field: "issuerId" });
    const { issuerId: issuer, recipientId: to, timestamp, ...signed } = body;
    return writeOnce(context, "mint", async (guarded) => {
      const members = { type: "SIGNAL_MINT", to, ...signed, issuer, minted_at: app.clock.now(), timestamp };
      const sent = await writeMade(app, guarded, userId, members, MINT_NAMES);
      background(() => app.scheduler.syncNow([sent.topicId]));
      const { topicId, sequence, transactionId } = sent;
      return {
        ...{ ok: true, tokenId: body.tokenId, name: body.name, category: body.category ?? null, status: "onchain" },
        hrl: `hcs://11/${signalId(topicId, sequence, sent.place)}`,
        message: "The recognition is on the ledger",
        ...{ mintTransactionId: transactionId, trstCost: 0, trstBalance: null },
        ...ledgerPlaceOf(sent),
      };
    });
  },
});

export const createRecognition = defineRoute({
  summary: "Gives somebody a recognition in the caller's own words",
  access: "user",
  limit: "submit",
  body: CreateRecognitionBody,
  heeds: ["Idempotency-Key"],
  problems: WRITE_PROBLEMS,
  otherAnswers: { 201: "The recognition is on the ledger" },
  answer: CreateRecognitionAnswer,
  handle: async (context) => {
    const { app, userId, body, background } = context;
    const { label, emoji, lens, to } = body;
    const description = body.description ?? null;
    const note = body.note ?? null;
    const from = { accountId: userId };
    const work = async (guarded: GuardedWrite) => {
      const payload = { label, emoji, description, lens, to, note, from };
      const sent = await writeMade(
        app,
        guarded,
        userId,
        {
          ...{ type: "RECOGNITION_MINT", to: to.accountId, name: label, emoji, description, note, payload },
        },
        { to: "to.accountId" },
      );
      background(() => app.scheduler.syncNow([sent.topicId]));
      const signal = {
        ...{ id: signalId(sent.topicId, sent.sequence, sent.place), label, emoji, description, lens, from, note },
        to: { accountId: to.accountId, handle: to.handle ?? null },
        timestamp: new Date(app.clock.now()).toISOString(),
        txId: sent.transactionId,
      };
      return { ok: true, signal, minSequence: ledgerPlaceOf(sent).minSequence };
    };
    return writeOnce(context, "recognition", work, 201);
  },
});

export const issuerSubmit = defineRoute({
  summary: "Writes in an issuer's name, if the operator allows the caller to",
  access: "user",
  limit: "submit",
  body: IssuerBody,
  heeds: ["Idempotency-Key"],
  problems: WRITE_PROBLEMS,
  answer: IssuerAnswer,
  handle: async (context) => {
    const { app, userId, body, background } = context;
    const isAllowed = body.from === userId || app.env.ISSUERS.has(keyOf(body.from, userId));
    if (!isAllowed)
      throw new ProblemError("not-yours", "The operator does not let you write for this issuer.", {
        field: "from",
      });
    return writeOnce(context, "issuer", async (guarded, isRepeatable) => {
      const sent = sentOrThrow(await app.submit.submit(body as Envelope, guarded, isRepeatable));
      background(() => app.scheduler.syncNow([sent.topicId]));
      return { success: true, ...ledgerPlaceOf(sent), sequenceNumber: String(sent.sequence) };
    });
  },
});
