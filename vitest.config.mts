import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const FLEET_TESTS = ["chaos", "streams", "read-commands", "read-your-writes", "reshard"].map(
  (name) => `tests/integration/${name}.redis.pg.test.ts`,
);

export default defineConfig({
  resolve: {
    alias: {
      "@": fileURLToPath(new URL(".", import.meta.url)),
      // The package throws outside a React server bundle; tests run the server layer in plain Node.
      "server-only": fileURLToPath(new URL("tests/support/server-only.ts", import.meta.url)),
    },
  },
  test: {
    include: ["tests/**/*.test.ts"],
    // Many processes want more than two noisy cores can promise to a run that must not fail by chance: `npm run test:set-ups`.
    exclude: process.env.TEST_FLEET === "on" ? [] : FLEET_TESTS,
    globalSetup: ["tests/support/set-up-servers.ts"],
    // Two cores: more workers than that only take memory from the PGlite instances.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // A shared CI machine stalls now and then; a test that fails three times has something to say.
    retry: process.env.CI ? 2 : 0,
  },
});
