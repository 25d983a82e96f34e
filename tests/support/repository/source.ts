/** Reads TypeScript sources, and separates code from comments and strings. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Matches code after which a slash starts a regular expression. After other code it divides or closes a tag. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{;+*%~^]|\breturn|=>)\s*$/;

/** Code that none of the others can begin in. */
const PLAIN = /[^/"'`]+/y;
const LINE_COMMENT = /\/\/[^\n]*/y;
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//y;
const DOUBLE_QUOTED = /"(?:\\.|[^"\\\n])*"/y;
const SINGLE_QUOTED = /'(?:\\.|[^'\\\n])*'/y;
const TEMPLATE = /`(?:\\[\s\S]|[^`\\])*`/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
const blank = (part: string) => part.replace(/[^\n]/g, " ");

/** Blanks comments. If `strings` is "blank", it also blanks the contents of strings. Line numbers stay the same. */
export function codeOf(text: string, strings: "keep" | "blank" = "keep"): string {
  const parts: string[] = [];
  // The end of the code so far. Looking at the whole after each part would take a time that grows with its square.
  let before = "";
  let at = 0;
  const add = (part: string) => {
    parts.push(part);
    before = (before + part.slice(-40)).slice(-40);
    at += part.length;
  };
  const take = (pattern: RegExp, as: "code" | "comment" | "string") => {
    pattern.lastIndex = at;
    const part = pattern.exec(text)?.[0];
    if (part === undefined) return false;
    if (as === "comment") add(blank(part));
    else if (as === "string" && strings === "blank") add(part[0] + blank(part.slice(1, -1)) + part.slice(-1));
    else add(part);
    return true;
  };
  while (at < text.length) {
    const isTaken =
      take(PLAIN, "code") ||
      take(LINE_COMMENT, "comment") ||
      take(BLOCK_COMMENT, "comment") ||
      take(DOUBLE_QUOTED, "string") ||
      // An apostrophe in a tag's text is no quote: it has a letter on both sides, or no partner on its line.
      (!/\w$/.test(before) && take(SINGLE_QUOTED, "string")) ||
      take(TEMPLATE, "string") ||
      (text[at] === "/" && text[at + 1] !== ">" && BEFORE_REGEX.test(before) && take(REGEX, "string"));
    if (!isTaken) add(text[at] as string);
  }
  return parts.join("");
}

const FROM = /\b(import|export)\s+(type\s+)?([\w$*{}\s,]*?)\s*\bfrom\s*["']([^"'\n]+)["'];?/g;
const BARE = /\bimport\s*["']([^"'\n]+)["'];?/g;
/** True if a file only re-exports other files. */
export function isBarrel(text: string): boolean {
  const code = codeOf(text);
  const own = code
    .replace(FROM, "")
    .replace(BARE, "")
    .replace(/\bexport\s+(type\s+)?\{[^}]*\};?/g, "");
  return own.trim() === "" && /\bexport\b/.test(code);
}

/** All TypeScript sources under the folders, sorted by path. */
export function sourcesUnder(folders: readonly string[], except: (path: string) => boolean): readonly SourceFile[] {
  const paths = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
      .filter((path) => /\.(ts|tsx|mts|mjs)$/.test(path) && !except(path)),
  );
  return paths.sort().map((path) => ({ path, text: readFileSync(join(path), "utf8") }));
}
