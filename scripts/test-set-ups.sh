#!/usr/bin/env bash
# The browser tests on the two set-ups with servers (Redis, PostgreSQL, Neon's protocol), on a build that is there: `npm test` first.
set -euo pipefail
cd "$(dirname "$0")/.."

for set_up in containers vercel; do
  printf '\n\033[1m== Browser tests on the set-up %s\033[0m\n' "$set_up"
  TEST_SETUP=$set_up npx --no-install playwright test "$@"
done
