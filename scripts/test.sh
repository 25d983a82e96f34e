#!/usr/bin/env bash
# Every test there is, from the quickest to the slowest. Installs the one thing that npm cannot: a Chromium for Playwright.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

find_chromium() { command -v "${CHROMIUM_PATH:-chromium}" || command -v chromium-browser || command -v google-chrome || true; }

step "Tools"
if [ -z "$(find_chromium)" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  else
    echo "The browser tests need Chromium. Install the package 'chromium' of your system, or set CHROMIUM_PATH to one, and run this again." >&2
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

step "Production build"
npx --no-install next build

step "Browser tests on the production build"
npx --no-install playwright test
