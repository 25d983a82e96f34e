/** Reads TypeScript sources just closely enough to say which words their code uses. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A regular expression starts after one of these; after anything else a slash divides or closes a tag. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{;+*%~^]|\breturn|=>)\s*$/;

/** The code with comments blanked, and with the insides of strings blanked too where `strings` is "blank". Lines stay lines. */
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
      // An apostrophe in the text of a tag has no partner on its line, or a letter on both sides.
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
/** True of a file that has nothing of its own: it only hands on what others export. */
export function isBarrel(text: string): boolean {
  const code = codeOf(text);
  const own = code
    .replace(FROM, "")
    .replace(BARE, "")
    .replace(/\bexport\s+(type\s+)?\{[^}]*\};?/g, "");
  return own.trim() === "" && /\bexport\b/.test(code);
}

/** TypeScript sources under the folders. */
export function sourcesUnder(folders: readonly string[], except: (path: string) => boolean): readonly SourceFile[] {
  const paths = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
      .filter((path) => /\.(ts|tsx|mts|mjs)$/.test(path) && !except(path)),
  );
  return paths.sort().map((path) => ({ path, text: readFileSync(join(path), "utf8") }));
}
