/** Identities by their names, as the TrustMesh web UI asks for them, where the ledger made the account from the identity's key. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeEcdsaKey } from "@/lib/devnet/rest/key-json";
import { CLIENT_ID, magicWallet } from "../../support/stand-ins/magic";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const wallet = magicWallet();
let t: TestApp;
/** The account of the wallet's key. */
let ana: string;

beforeAll(async () => {
  t = await startTestApp({ env: { RATE_LIMITS: "0", MAGIC_CLIENT_ID: CLIENT_ID } });
  const { address, publicKey } = wallet;
  ana = t.devnet.ledger.createAccount(encodeEcdsaKey(publicKey), { evmAddress: address }).id;
});
afterAll(() => t.close());

describe("an identity by its name", () => {
  const resolve = async (did: string) => {
    const response = await t.ask("GET", `/api/hcs22/resolve?did=${did}`, ana);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it("is the account that the ledger made from its key's address, in either case", async () => {
    for (const address of [wallet.address, `0x${wallet.address.slice(2).toUpperCase()}`]) {
      const { body } = await resolve(`did:ethr:${address}`);
      expect(body).toMatchObject({
        accountId: ana,
        hederaAccountId: ana,
        source: "mirror",
        updatedAt: expect.any(String),
      });
    }
  });

  it("is nobody's where the ledger has no such account", async () => {
    const { status, body } = await resolve(`did:ethr:${magicWallet().address}`);
    expect([status, body]).toEqual([
      200,
      { success: true, accountId: null, hederaAccountId: null, source: "none", updatedAt: null },
    ]);
  });

  it("is not known while no mirror answers, and that is said", async () => {
    const fault = t.devnet.faults.add({ kind: "badGateway", route: "account" });
    const { status, body } = await resolve(`did:ethr:${magicWallet().address}`);
    t.devnet.faults.remove(fault);
    expect(status).toBe(503);
    expect(body).toMatchObject({ ok: false, error: expect.any(String), message: body.error });
  });
});
