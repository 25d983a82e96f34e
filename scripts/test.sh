#!/usr/bin/env bash
# Every test there is, from the quickest to the slowest. Installs what npm cannot: a Chromium for Playwright, and Redis.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

find_chromium() { command -v "${CHROMIUM_PATH:-chromium}" || command -v chromium-browser || command -v google-chrome || true; }

step "Tools"
missing=""
[ -n "$(find_chromium)" ] || missing="$missing chromium"
command -v "${REDIS_SERVER_PATH:-redis-server}" >/dev/null || missing="$missing redis-server"
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    # shellcheck disable=SC2086 # one package a word
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
  else
    echo "The tests need:$missing. Install them with your system's package manager (or name them: CHROMIUM_PATH, REDIS_SERVER_PATH) and run this again." >&2
    exit 1
  fi
fi
CHROMIUM_PATH="$(find_chromium)"
export CHROMIUM_PATH NEXT_TELEMETRY_DISABLED=1
"$CHROMIUM_PATH" --version

step "Types"
npx --no-install next typegen
npx --no-install tsc --noEmit

step "Format and lint"
npx --no-install biome ci --error-on-warnings .

step "Unit, property, contract, integration and architecture tests"
npx --no-install vitest run

step "Production build, which needs no database, no Redis and no ledger: none of these addresses answers"
DATABASE_URL=postgres://nobody:nothing@127.0.0.1:1/none UPSTASH_REDIS_REST_URL=http://127.0.0.1:1 UPSTASH_REDIS_REST_TOKEN=none \
  HEDERA_NETWORK=custom MIRROR_URL=http://127.0.0.1:1 npx --no-install next build

step "Sizes of the functions that a deployment would have"
npm run -s traced

step "Browser tests on the production build"
npx --no-install playwright test
