#!/usr/bin/env bash
# Repeats the app's tests of `npm test` on the two set-ups with servers (Redis, PostgreSQL, Neon's protocol). The browser tests run
# on a server that has only the files that the build has traced, as in images and functions. Then come the tests of the deployed
# artefacts, and the tests with many processes.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "Production build, and the folder of what it traced"
npm run -s build:standalone
npm run -s traced

APP_TESTS="api/api api/public-mirror api/stream ui/personal-mirror outages/faults instances/replay writes/submit"
for set_up in containers vercel; do
  step "The app's tests on the set-up $set_up"
  # shellcheck disable=SC2046 # one file a word
  TEST_SETUP=$set_up npx --no-install vitest run $(for name in $APP_TESTS; do echo "tests/integration/$name.test.ts"; done)
  step "Browser tests on the set-up $set_up, out of what was traced"
  TEST_SETUP=$set_up TEST_SERVER=traced npx --no-install playwright test
done

step "What is deployed: a folder for an image, and dependencies of production alone"
TEST_DEPLOY=on npx --no-install vitest run tests/deploy

step "Many processes: killed while they sync, streams between them, reads, splits under load"
# One file at a time: each starts several processes.
TEST_FLEET=on npx --no-install vitest run --no-file-parallelism tests/integration/fleet tests/integration/outages/rolling-restart.redis.pg.test.ts
