import { afterAll, beforeAll, expect, it } from "vitest";
import type { DevnetMessage } from "@/lib/devnet/ledger/types";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { signalBatch } from "../../support/worlds/histories/signal-batch";

const [ANA, BEN, ZOE] = ["0.0.7001", "0.0.7002", "0.0.7003"];
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

it("a profile in a batch is found by its place there, by its owner and by contacts", async () => {
  const { contact, profile: topicId } = t.devnet.topics;
  t.devnet.submitMany(contact, [{ type: "CONTACT_ACCEPT", from: ANA, to: BEN }]);
  const profile = (actor: string | undefined) => ({ type: "PROFILE_UPDATE", actor, displayName: `I am ${actor}` });
  const [sent] = t.devnet.submit(topicId, signalBatch([ZOE, BEN, ANA].map(profile)));
  await t.sync();
  const { sequence } = sent as DevnetMessage;
  const at = async (place: string, userId = ANA as string) => {
    const answer = await t.ask("GET", `/api/hcs/profile?hrl=hcs://11/${topicId}/${sequence}${place}`, userId);
    return ((await answer.json()) as { profile?: { displayName: string } }).profile?.displayName;
  };
  expect(await Promise.all(["/1", "/2"].map((place) => at(place)))).toEqual([`I am ${BEN}`, `I am ${ANA}`]);
  // The first is a stranger's, and there is no fourth.
  expect(await Promise.all(["", "/0", "/3"].map((place) => at(place)))).toEqual([undefined, undefined, undefined]);
  expect(await at("", ZOE)).toBe(`I am ${ZOE}`);
  expect(await at("/1", "0.0.7999")).toBeUndefined();
});
