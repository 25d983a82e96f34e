/** The registry of topics against the topic that binds identities, while instances run. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { toTopicId } from "@/lib/core/ledger/ids";
import { newShard } from "@/lib/core/shards/shards";
import { CLIENT_ID, magicWallet } from "../../support/stand-ins/magic";
import { startTestApp, type TestApp } from "../../support/worlds/app";

/** The devnet's first topic after its own four. */
const TOPIC = toTopicId("0.0.1005");
const ANA = "0.0.7001";

let t: TestApp;
beforeEach(async () => {
  t = await startTestApp({ env: { MAGIC_CLIENT_ID: CLIENT_ID, TOPIC_IDENTITY: TOPIC } });
  expect(t.devnet.createTopic()).toBe(TOPIC);
});
afterEach(() => t.close());

it("nobody gets in once another instance has made the identity topic one of users' messages, and operators are told", async () => {
  const wallet = magicWallet();
  const iat = new Date(t.clock.now()).toISOString();
  const bind = { t: "IDENTITY_BIND", v: 1, sub: `did:ethr:${wallet.address}`, iat };
  t.devnet.submit(TOPIC, { ...bind, payload: { hedera_account_id: ANA } });
  await t.clock.advance(1_000);
  await t.sync();
  const signIn = async () => {
    const authorization = `Bearer ${wallet.token(Math.floor(t.clock.now() / 1_000))}`;
    const response = await t.ask("GET", "/api/contacts", null, { headers: { authorization } });
    return { status: response.status, ...((await response.json()) as { sessionId?: string; detail?: string }) };
  };
  expect(await signIn()).toMatchObject({ status: 200, sessionId: ANA });

  const { registry } = t.app.stores;
  const contact = { tier: "standard", kind: "contact", owner: null } as const;
  const shard = { ...newShard(contact, 1, 0), state: "active", topicId: TOPIC, routesFromNs: 1n } as const;
  await registry.change((await registry.load()).version, [shard]);
  await t.clock.drive(t.app.registry.load());
  // The server forgets within a minute what it remembered of the identity.
  await t.clock.advance(61_000);
  expect(await signIn()).toMatchObject({ status: 503, detail: expect.stringContaining("check TOPIC_IDENTITY") });
  const sentence = `Topic ${TOPIC} is a topic for contact messages, so it cannot be TOPIC_IDENTITY: name a topic that is used for nothing else.`;
  expect(t.app.incidents.current()).toContainEqual(
    expect.objectContaining({ code: "identity-shared", severity: "critical", summary: sentence }),
  );
  expect(t.logged.filter((line) => line === `error: ${sentence}`)).toHaveLength(1);
});
