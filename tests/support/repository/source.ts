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

/** Blanks comments. If `strings` is "blank", it also blanks the contents of strings. Line numbers stay the same. */
export function codeOf(text: string, strings: "keep" | "blank" = "keep"): string {
  let code = "";
  let at = 0;
  const blank = (part: string) => part.replace(/[^\n]/g, " ");
  const take = (pattern: RegExp, isComment: boolean, isString: boolean) => {
    pattern.lastIndex = at;
    const part = pattern.exec(text)?.[0];
    if (part === undefined) return false;
    if (isComment) code += blank(part);
    else if (isString && strings === "blank") code += part[0] + blank(part.slice(1, -1)) + part.slice(-1);
    else code += part;
    at += part.length;
    return true;
  };
  while (at < text.length) {
    const isTaken =
      take(/\/\/[^\n]*/y, true, false) ||
      take(/\/\*[\s\S]*?\*\//y, true, false) ||
      take(/"(?:\\.|[^"\\\n])*"/y, false, true) ||
      // An apostrophe in a tag's text is no quote: it has a letter on both sides, or no partner on its line.
      (!/\w$/.test(code.slice(-1)) && take(/'(?:\\.|[^'\\\n])*'/y, false, true)) ||
      take(/`(?:\\[\s\S]|[^`\\])*`/y, false, true) ||
      (text[at] === "/" &&
        text[at + 1] !== ">" &&
        BEFORE_REGEX.test(code.slice(-40)) &&
        take(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y, false, true));
    if (isTaken) continue;
    code += text[at];
    at += 1;
  }
  return code;
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
