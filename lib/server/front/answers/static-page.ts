import "server-only";
/**
 * A page for requests that the app cannot render: while it loads, and for a refused address. It has no script and loads
 * nothing.
 */
import { createHash } from "node:crypto";

/** The app's own colours (app/_ui/tokens.css). */
const STYLE =
  ":root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#f4f2ec,#0f141b);color:light-dark(#1b2230,#ecebe5);font:1rem/1.5 system-ui,sans-serif}main{max-width:30rem;padding:2rem}h1{font-size:1.5rem;line-height:1.2;margin:0 0 .75rem;color:light-dark(#0b6557,#66ccb4)}p{margin:.5rem 0}a{color:inherit}";

/** Allows exactly this style and nothing else. */
export const STATIC_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character] as string);

export interface StaticPage {
  readonly title: string;
  readonly sentences: readonly string[];
  /** Seconds after which the browser reloads the page. Absent if it does not: then the page has a link to the start page. */
  readonly refreshS?: number | undefined;
}

/** A page of plain HTML, without a script, for answers that Next does not give. It escapes the title and the sentences. */
export function staticPage({ title, sentences, refreshS }: StaticPage): string {
  const refresh = refreshS === undefined ? "" : `<meta http-equiv="refresh" content="${refreshS}">`;
  const wayOn = refreshS === undefined ? '<p><a href="/">To the start page</a></p>' : "";
  const text = sentences.map((sentence) => `<p>${escaped(sentence)}</p>`).join("");
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${refresh}<title>TrustMesh</title><style>${STYLE}</style></head><body><main role="status"><h1>${escaped(title)}</h1>${text}${wayOn}</main></body></html>`;
}
