/** `npm run pictures`: draws the files of public/ and the screenshots of docs/images with a headless Chromium. */
import { command, UsageError } from "../command";
import { openBrowser } from "./pictures/browser";
import { drawIcons } from "./pictures/icons";
import { takeScreenshots } from "./pictures/screenshots";

const USAGE = `npm run pictures -- [icons | screenshots]…
Draws icons and the social picture out of app/icon.svg into public/, and takes the screenshots of docs/images
from the production build (npm run build comes first). Without a word it does both.
CHROMIUM_PATH names another browser than /usr/bin/chromium-headless-shell.`;

const PARTS = { icons: drawIcons, screenshots: takeScreenshots } as const;
type Part = keyof typeof PARTS;
const isPart = (word: string): word is Part => word in PARTS;

void command({ usage: USAGE, words: { least: 0, most: 2 } }, async ({ words }) => {
  const unknown = words.find((word) => !isPart(word));
  if (unknown !== undefined) throw new UsageError(`${unknown} is neither icons nor screenshots.`);
  const wanted = words.length > 0 ? words.filter(isPart) : (Object.keys(PARTS) as Part[]);
  const browser = await openBrowser();
  try {
    for (const part of wanted) for (const path of await PARTS[part](browser)) console.log(path);
  } finally {
    await browser.close();
  }
});
