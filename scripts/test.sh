#!/usr/bin/env bash
# Every test there is, from the quickest to the slowest. Installs what npm cannot: a Chromium for Playwright, and Redis.
# The headless shell is the Chromium that Playwright itself uses without a window. It takes less than half the CPU of full Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

first_of() {
  for name in "$@"; do command -v "$name" && return; done
  return 0
}
find_shell() { first_of ${CHROMIUM_PATH:+"$CHROMIUM_PATH"} chromium-headless-shell; }
find_chromium() { first_of "$(find_shell)" chromium chromium-browser google-chrome; }
find_redis() { first_of "${REDIS_SERVER_PATH:-redis-server}"; }

# One process reads all sources for half a minute. It takes the core that the installation and the build leave free.
step "Format, lint, imports and unused code, beside the next two steps"
lint_log="$(mktemp)"
npm run -s lint >"$lint_log" 2>&1 &
lint=$!
trap 'kill "$lint" 2>/dev/null || true; rm -f "$lint_log"' EXIT

step "Tools"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && { [ -z "$(find_shell)" ] || [ -z "$(find_redis)" ]; }; then
  apt-get update -qq || true
  for wanted in "$(find_shell):chromium-headless-shell" "$(find_redis):redis-server"; do
    # A failure is ignored here: tools that are still missing are named below, unless there is a substitute.
    [ -n "${wanted%%:*}" ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${wanted#*:}" >/dev/null || true
  done
fi
missing=""
[ -n "$(find_chromium)" ] || missing="$missing chromium-headless-shell"
[ -n "$(find_redis)" ] || missing="$missing redis-server"
if [ -n "$missing" ]; then
  echo "The tests need:$missing. Install them with your system's package manager (or name them: CHROMIUM_PATH, REDIS_SERVER_PATH) and run this again." >&2
  exit 1
fi
CHROMIUM_PATH="$(find_chromium)"
export CHROMIUM_PATH NEXT_TELEMETRY_DISABLED=1
"$CHROMIUM_PATH" --version

step "Types, and the production build, which needs no database, no Redis and no ledger: none of these addresses answers"
DATABASE_URL=postgres://nobody:nothing@127.0.0.1:1/none UPSTASH_REDIS_REST_URL=http://127.0.0.1:1 UPSTASH_REDIS_REST_TOKEN=none \
  HEDERA_NETWORK=custom MIRROR_URL=http://127.0.0.1:1 NEXT_BUILD_CACHE=off npm run -s build

step "Format, lint, imports and unused code: the result"
wait "$lint" && lint_status=0 || lint_status=$?
trap - EXIT
cat "$lint_log"
rm -f "$lint_log"
[ "$lint_status" = 0 ]

step "Unit and property tests, with their coverage"
npx --no-install vitest run --project unit --coverage

step "Contract, integration and architecture tests"
npx --no-install vitest run --project "with servers"

step "Sizes of the functions that a deployment would have"
npm run -s traced

step "Browser tests on the production build"
npx --no-install playwright test
