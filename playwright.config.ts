/** Browser tests against the production build (`next build` first), with a devnet and a database of their own, on the set-up TEST_SETUP. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import { SET_UP } from "./tests/support/servers/set-up";

const PORT = Number(process.env.E2E_PORT ?? 4173);
const BASE_URL = `http://127.0.0.1:${PORT}`;
const DATA_DIR = join(__dirname, ".cache", "e2e");

/** Their tests run one after the other. They start first: at the end of a run, they would leave one of the two workers idle. */
const SERIAL = ["**/development.spec.ts", "**/admin-actions.spec.ts"];
/** These start servers of their own, on the embedded set-up. */
const EMBEDDED_ONLY = ["**/process.spec.ts", "**/ui-origin.spec.ts", ...SERIAL];
const ignored = SET_UP === "embedded" ? [] : EMBEDDED_ONLY;

// Workers load this file too; only the runner itself starts from nothing.
if (process.env.TEST_WORKER_INDEX === undefined) rmSync(DATA_DIR, { recursive: true, force: true });

const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export default defineConfig({
  testDir: "tests/e2e",
  projects: [
    { name: "serial", testMatch: SERIAL, testIgnore: ignored },
    { name: "parallel", testMatch: "**/*.spec.ts", testIgnore: [...SERIAL, ...ignored] },
  ],
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  // A shared CI machine stalls now and then; a test that fails three times has something to say.
  retries: process.env.CI ? 2 : 0,
  // Two cores, shared with the server under test.
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    baseURL: BASE_URL,
    viewport: { width: 1280, height: 800 },
    // State changes are what is tested; movement only makes them late.
    contextOptions: { reducedMotion: "reduce" },
    screenshot: "only-on-failure",
    // Recording costs about as much as the test itself: only where one has failed already.
    trace: "on-first-retry",
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium-headless-shell",
      args: CHROMIUM_FLAGS,
    },
  },
  webServer: {
    command: "npx --no-install tsx tests/e2e/support/serve.ts",
    url: `${BASE_URL}/api/health/ready`,
    timeout: 60_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: "SIGTERM", timeout: 10_000 },
    env: {
      PORT: String(PORT),
      HOST: "127.0.0.1",
      HEDERA_NETWORK: "devnet",
      DATA_DIR,
      NEXT_TELEMETRY_DISABLED: "1",
    },
  },
});
