/** The browser that draws, as the browser tests start it. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "@playwright/test";
import { Refusal } from "../../command";

export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium-headless-shell";
  if (!existsSync(executablePath))
    throw new Refusal(`There is no browser at ${executablePath}: set CHROMIUM_PATH to a Chromium.`);
  return chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
}
