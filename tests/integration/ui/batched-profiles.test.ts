import { afterAll, beforeAll, expect, it } from "vitest";
import type { LedgerMessage } from "@/lib/devnet/ledger/types";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { signalBatch } from "../../support/worlds/histories/signal-batch";

const [ANA, BEN, ZOE] = ["0.0.7001", "0.0.7002", "0.0.7003"];
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

it("a profile by its place is the caller's own in a batch that holds several, and else a contact's", async () => {
  const { contact, profile: topicId } = t.devnet.topics;
  t.devnet.submitMany(contact, [{ type: "CONTACT_ACCEPT", from: ANA, to: BEN }]);
  const profile = (actor: string | undefined) => ({ type: "PROFILE_UPDATE", actor, displayName: `I am ${actor}` });
  const [sent] = t.devnet.submit(topicId, signalBatch([ZOE, BEN, ANA].map(profile)));
  await t.sync();
  const { sequence } = sent as LedgerMessage;
  const at = async (userId: string) => {
    const answer = await t.ask("GET", `/api/hcs/profile?hrl=hcs://11/${topicId}/${sequence}`, userId);
    return ((await answer.json()) as { profile?: { displayName: string } }).profile?.displayName;
  };
  expect(await at(ANA as string)).toBe(`I am ${ANA}`);
  expect(await at(BEN as string)).toBe(`I am ${BEN}`);
  expect(await at("0.0.7999")).toBeUndefined();
});
