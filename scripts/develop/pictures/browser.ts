/** Starts the browser that draws, in the same way as the browser tests. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "@playwright/test";
import { Refusal } from "../../command";

export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium-headless-shell";
  if (!existsSync(executablePath))
    throw new Refusal(`There is no browser at ${executablePath}: set CHROMIUM_PATH to a Chromium.`);
  return chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
}
