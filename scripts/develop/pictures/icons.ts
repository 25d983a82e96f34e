/** Draws icons for home screens and the picture of shared links from the app's own logo. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Browser } from "@playwright/test";

/** Colours of app/_ui/tokens.css: paper, verdigris and ink. */
const COLOURS = { paper: "#f4f2ec", accent: "#0b6557", ink: "#1b2230", soft: "#454f61" };
/** A maskable icon keeps its logo within the inner four fifths, because platforms cut off the rest. */
const SAFE_SHARE = 0.8;

interface Drawing {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly html: string;
  readonly isTransparent?: boolean;
}

const markOf = (size: number) =>
  `<div style="width:${size}px;height:${size}px">${readFileSync("app/icon.svg", "utf8")}</div>`;

const icon = (path: string, size: number): Drawing => ({
  path,
  width: size,
  height: size,
  html: markOf(size),
  isTransparent: true,
});

/** Filled to the edges, because the platform rounds the corners. */
const filled = (path: string, size: number): Drawing => ({
  path,
  width: size,
  height: size,
  html: `<div style="background:${COLOURS.accent};width:${size}px;height:${size}px;display:grid;place-items:center">${markOf(size * SAFE_SHARE)}</div>`,
});

const social = (): Drawing => ({
  path: "public/social.png",
  width: 1_200,
  height: 630,
  html: `<div style="background:${COLOURS.paper};width:1200px;height:630px;display:flex;align-items:center;gap:72px;padding:0 96px;box-sizing:border-box">
    ${markOf(300)}
    <div>
      <div style="font:600 92px/1 'DejaVu Serif',Georgia,serif;color:${COLOURS.ink}">TrustMesh</div>
      <div style="font:36px/1.4 'Liberation Sans',Arial,sans-serif;color:${COLOURS.soft};margin-top:28px">Contacts, trust and recognition<br>on Hedera: verified, cached, live.</div>
    </div>
  </div>`,
});

/** A PNG as an .ico file, for clients that request /favicon.ico without having read a page. */
function asIco(png: Buffer, size: number): Buffer {
  const head = Buffer.alloc(22);
  // The kind (icon) and the number of pictures. Then the size, the depth in bits, and the length and offset of the one picture.
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(1, 4);
  head.writeUInt8(size, 6);
  head.writeUInt8(size, 7);
  head.writeUInt16LE(1, 10);
  head.writeUInt16LE(32, 12);
  head.writeUInt32LE(png.length, 14);
  head.writeUInt32LE(head.length, 18);
  return Buffer.concat([head, png]);
}

const drawings = (): readonly Drawing[] => [
  icon("public/favicon.ico", 32),
  icon("public/icon-192.png", 192),
  icon("public/icon-512.png", 512),
  filled("public/icon-maskable-512.png", 512),
  filled("public/apple-icon.png", 180),
  social(),
];

/** Draws every file, and returns the paths. */
export async function drawIcons(browser: Browser): Promise<readonly string[]> {
  const wanted = drawings();
  const page = await browser.newPage();
  for (const { path, width, height, html, isTransparent = false } of wanted) {
    await page.setViewportSize({ width, height });
    await page.setContent(`<style>body{margin:0}svg{display:block;width:100%;height:100%}</style>${html}`);
    const png = await page.screenshot({ omitBackground: isTransparent });
    writeFileSync(path, path.endsWith(".ico") ? asIco(png, width) : png);
  }
  await page.close();
  return wanted.map(({ path }) => path);
}
