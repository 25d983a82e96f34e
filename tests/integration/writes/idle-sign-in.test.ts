/** Sign-ins of identities on a server that nobody has used, so that nobody has read the identity topic. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toTopicId } from "@/lib/core/ledger/ids";
import { encodeEcdsaKey } from "@/lib/devnet/rest/key-json";
import { CLIENT_ID, type MagicWallet, magicWallet } from "../../support/stand-ins/magic";
import { startTestApp, type TestApp } from "../../support/worlds/app";

/** The devnet's first topic after its own four. */
const TOPIC = toTopicId("0.0.1005");
const ONE = "0.0.7001";
const AN_HOUR = 3_600_000;

let t: TestApp;
let ana: MagicWallet;
beforeEach(async () => {
  t = await startTestApp({ env: { MAGIC_CLIENT_ID: CLIENT_ID, TOPIC_IDENTITY: TOPIC } });
  expect(t.devnet.createTopic()).toBe(TOPIC);
  ana = magicWallet();
});
afterEach(() => t.close());

function say(act: "BIND" | "UNBIND", wallet = ana): void {
  const iat = new Date(t.clock.now()).toISOString();
  const payload = act === "BIND" ? { hedera_account_id: ONE } : {};
  t.devnet.submit(TOPIC, { t: `IDENTITY_${act}`, v: 1, sub: `did:ethr:${wallet.address}`, iat, payload });
}
/** Says it, waits until it is stored, and leaves the server alone. */
async function boundAnHourAgo(wallet = ana): Promise<void> {
  say("BIND", wallet);
  await t.clock.advance(1_000);
  await t.sync();
  await t.clock.advance(AN_HOUR);
}
const signIn = (wallet = ana) =>
  t.ask("GET", "/api/contacts", null, {
    headers: { authorization: `Bearer ${wallet.token(Math.floor(t.clock.now() / 1_000))}` },
  });
const ownerOf = async (response: Response) => {
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { sessionId: string }).sessionId;
};
const pulls = () => t.devnet.requests.counts().byRoute.messages ?? 0;

describe("on a server that nobody has used for an hour", () => {
  it("a binding counts at the first sign-in", async () => {
    t.devnet.ledger.createAccount(encodeEcdsaKey(ana.publicKey), { evmAddress: ana.address });
    await boundAnHourAgo(magicWallet());
    say("BIND");
    expect(await ownerOf(await signIn())).toBe(ONE);
  });

  it("an identity that was unbound meanwhile is refused at once", async () => {
    await boundAnHourAgo();
    say("UNBIND");
    const response = await signIn();
    expect([response.status, await response.json()]).toMatchObject([403, { code: "account-refused" }]);
  });

  it("sign-ins at once cost one pull of the topic", async () => {
    await boundAnHourAgo();
    const before = pulls();
    await Promise.all(Array.from({ length: 5 }, () => signIn()));
    // The reads that follow ask for every topic, this one included.
    expect(pulls() - before).toBe(1 + t.app.scheduler.topics.length);
  });

  it("a mirror that makes no progress is asked once, and not by every sign-in", async () => {
    await boundAnHourAgo();
    t.devnet.faults.add({ kind: "stalledHead" });
    await signIn();
    const before = pulls();
    // The first sign-in is remembered, and these are other people's.
    for (let i = 0; i < 3; i += 1) await signIn(magicWallet());
    expect(pulls() - before).toBe(0);
  });

  it("what is stored counts while the mirror does not answer", async () => {
    await boundAnHourAgo();
    t.devnet.faults.add({ kind: "badGateway" });
    expect(await ownerOf(await signIn())).toBe(ONE);
  });
});
