import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const FLEET_TESTS = ["tests/integration/fleet/**"];

// Tests of deployments need the production build, which comes after these tests. `npm run test:set-ups` runs them.
const DEPLOY_TESTS = ["tests/deploy/*.test.ts"];

/** Files that take more than half a minute, the longest first. */
const LONG = [
  "outages-mirror.redis.pg",
  "store.neon.pg",
  "every-route/fuzz",
  "outages-postgres.redis.pg",
  "outages-redis.redis.pg",
  "store.pglite",
  "shards-command.pg",
  "instances.redis.pg",
  "extremes",
  "store.postgres.pg",
  "mirror-lies",
  "public-mirror",
  "every-route/bounds",
  "rolling-restart.redis.pg",
];

/** Starts the long files first. At the end of a run, such a file would keep one worker busy and leave the others without work. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at < 0 ? LONG.length : at;
    };
    // The sort is stable, so all other files keep their order.
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  resolve: {
    alias: {
      "@": fileURLToPath(new URL(".", import.meta.url)),
      // The package throws outside a React server bundle; tests run the server layer in plain Node.
      "server-only": fileURLToPath(new URL("tests/support/server-only.ts", import.meta.url)),
    },
  },
  test: {
    setupFiles: ["tests/support/quick-equality.ts"],
    sequence: { sequencer: LongFirst },
    // Files share a process: a process for each takes a quarter more CPU, most of it to load modules. No test depends on another file.
    isolate: false,
    projects: [
      { extends: true, test: { name: "unit", include: ["tests/unit/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "with servers",
          include: ["tests/**/*.test.ts"],
          // Many processes want more than two noisy cores can promise to a run that must not fail by chance: `npm run test:set-ups`.
          exclude: [
            "tests/unit/**",
            ...(process.env.TEST_FLEET === "on" ? [] : FLEET_TESTS),
            ...(process.env.TEST_DEPLOY === "on" ? [] : DEPLOY_TESTS),
          ],
          globalSetup: ["tests/support/servers/set-up-servers.ts"],
        },
      },
    ],
    // Two cores, and two workers more for the time that tests of outages spend waiting: 228 s, where three take 263.
    maxWorkers: 4,
    // Limits for a machine that stalls: a test that is right ends long before.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
    coverage: {
      provider: "v8",
      include: ["lib/**/*.ts", "proxy.ts"],
      reporter: ["text-summary", "html"],
    },
  },
});
