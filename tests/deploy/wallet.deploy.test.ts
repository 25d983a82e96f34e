/**
 * Signing in through the wallet connector: the file that `npm run wallet-connector` makes, in a browser, on a production server,
 * over a relay of the tests, with a wallet that is made of the wallet side of the connector's own library.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { walletAnswer } from "../e2e/support/account";
import { expectAccessible, expectNoSidewaysScroll } from "../e2e/support/axe";
import { type ServerProcess, startServerProcess } from "../support/servers/server-process";
import { type Relay, startRelay } from "../support/stand-ins/walletconnect-relay";

const PROJECT_ID = "0".repeat(32);
const folder = mkdtempSync(join(tmpdir(), "tm-wallet-"));
let relay: Relay;
let server: ServerProcess;
let browser: Browser;
let page: Page;
let wallet: WalletClient;
let violations: string[];

beforeAll(async () => {
  execFileSync(process.execPath, ["--import", "tsx", "scripts/build/wallet-connector.ts"], { stdio: "pipe" });
  relay = await startRelay();
  wallet = await openWallet();
  server = await startServerProcess({
    cwd: process.cwd(),
    args: [join(".next", "start.js")],
    env: { DATA_DIR: folder, WALLETCONNECT_PROJECT_ID: PROJECT_ID, WALLETCONNECT_RELAY_URL: relay.url },
  });
  await server.ready();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium-headless-shell" });
});
afterAll(async () => {
  await browser?.close();
  wallet?.core.relayer.transportClose();
  await server?.stop();
  await relay?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  violations = [];
  page = await browser.newPage();
  page.on("console", (message) => /Content Security Policy/i.test(message.text()) && violations.push(message.text()));
});
afterEach(async () => {
  await page.close();
  expect(violations).toEqual([]);
});

interface Proposal {
  readonly id: number;
  readonly params: { readonly optionalNamespaces: { readonly hedera: { chains: string[]; methods: string[] } } };
}
interface SignRequest {
  readonly id: number;
  readonly topic: string;
  readonly params: { readonly request: { readonly params: { signerAccountId: string; message: string } } };
}
interface WalletClient {
  readonly core: {
    readonly verify: { resolve: () => Promise<undefined> };
    readonly relayer: { transportClose(): void };
  };
  on(event: "session_proposal", listener: (proposal: Proposal) => void): void;
  on(event: "session_request", listener: (request: SignRequest) => void): void;
  on(event: "session_delete", listener: () => void): void;
  pair(options: { uri: string }): Promise<unknown>;
  approve(options: object): Promise<unknown>;
  reject(options: object): Promise<void>;
  respond(options: object): Promise<void>;
}

/**
 * The account that the wallet shares, and its answer, set by each test. All share one wallet: two clients in a process share their
 * core.
 */
let shared = "";
let sharedChain: string | null = null;
let answer: (message: string) => object = () => ({});

async function openWallet(): Promise<WalletClient> {
  const load = createRequire(resolve(".cache", "wallet-connector", "package.json"));
  const { SignClient } = load("@walletconnect/sign-client") as {
    SignClient: { init(options: object): Promise<WalletClient> };
  };
  const metadata = { name: "A wallet", description: "of the tests", url: "https://wallet.example", icons: [] };
  const options = { projectId: PROJECT_ID, relayUrl: relay.url, telemetryEnabled: false, metadata };
  const opened = await SignClient.init(options);
  // The wallet network's own site cannot be reached here.
  opened.core.verify.resolve = async () => undefined;
  opened.on("session_proposal", ({ id, params }) => {
    const { chains, methods } = params.optionalNamespaces.hedera;
    const joined = sharedChain === null ? chains : [sharedChain];
    const accounts = joined.map((chain) => `${chain}:${shared}`);
    void opened.approve({ id, namespaces: { hedera: { accounts, chains: joined, methods, events: [] } } });
  });
  opened.on("session_request", ({ id, topic, params }) => {
    const { message, signerAccountId } = params.request.params;
    expect(signerAccountId).toBe(`hedera:devnet:${shared}`);
    void opened.respond({ topic, response: { id, jsonrpc: "2.0", ...answer(message) } });
  });
  return opened;
}

/** Resolves when the page has ended its session with the wallet. */
const left = () => new Promise<void>((resolve) => wallet.on("session_delete", resolve));

/** Clicks to the invitation, and gives its link. */
async function invitation(): Promise<string> {
  await page.goto(`${server.url}/sign-in?next=/contacts`);
  await page.getByText("Sign in with a Hedera account instead").click();
  await page.getByRole("button", { name: "Connect a wallet" }).click();
  await page.getByRole("img", { name: "A code for your wallet to scan" }).waitFor();
  return (await page.getByRole("link", { name: "Open in a wallet" }).getAttribute("href")) as string;
}

async function accountsOf(): Promise<readonly string[]> {
  const { people } = (await (await fetch(`${server.url}/api/auth/demo`)).json()) as { people: { userId: string }[] };
  return people.map(({ userId }) => userId).filter((id) => id.startsWith("0.0."));
}

it("signs in the account that the wallet shares, and leaves the wallet", async () => {
  const [own] = (await accountsOf()) as [string];
  shared = own;
  answer = (message) => ({ result: { signatureMap: walletAnswer(own, message) } });
  const ended = left();
  const uri = await invitation();
  expect(uri).toMatch(/^wc:/);
  await expectAccessible(page, "an invitation");
  await expectNoSidewaysScroll(page, "an invitation");
  await wallet.pair({ uri });
  await page.waitForURL(`${server.url}/contacts`);
  await page.getByRole("heading", { name: "Contacts", level: 1 }).waitFor();
  await ended;
});

it("says so when the wallet says no, and when it signs with another key", async () => {
  const [own, other] = (await accountsOf()) as [string, string];
  shared = own;
  const cases = [
    [() => ({ error: { code: 5_000, message: "User rejected" } }), "The wallet refused"],
    [
      (message: string) => ({ result: { signatureMap: walletAnswer(other, message) } }),
      "a key that the account does not have",
    ],
  ] as const;
  for (const [next, sentence] of cases) {
    answer = next;
    const ended = left();
    await wallet.pair({ uri: await invitation() });
    await page.getByRole("alert").filter({ hasText: sentence }).waitFor();
    await page.getByRole("button", { name: "Connect a wallet" }).waitFor();
    await ended;
  }
});

it("says so when the wallet is on another network, and leaves it", async () => {
  sharedChain = "hedera:mainnet";
  const ended = left();
  await wallet.pair({ uri: await invitation() });
  await page.getByRole("alert").filter({ hasText: "no account on this network" }).waitFor();
  await ended;
  sharedChain = null;
});

it("says so when the connector is not part of the build, and signing by hand is there", async () => {
  await page.route("**/wallet-connector.js", (route) => route.fulfill({ status: 404 }));
  await page.goto(`${server.url}/sign-in`);
  await page.getByText("Sign in with a Hedera account instead").click();
  await page.getByRole("button", { name: "Connect a wallet" }).click();
  await page.getByRole("alert").filter({ hasText: "could not be loaded" }).waitFor();
  await page.locator("summary", { hasText: "Sign the message by hand instead" }).click();
  await page.getByLabel("Hedera account").waitFor();
});
