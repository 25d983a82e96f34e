/** Finds references in comments, documents and strings, and reports those that lead nowhere. */
import { posix } from "node:path";
import { codeOf, type SourceFile } from "./source";

/** The files that a reference may lead to. */
export interface Tree {
  /** Every file, from the root of the repository, with `/`. */
  readonly files: ReadonlySet<string>;
  /** File names without their folders. */
  readonly names: ReadonlySet<string>;
  /** The text of a file of the tree. */
  readonly read: (path: string) => string;
}

export function treeOf(paths: readonly string[], read: Tree["read"]): Tree {
  return { files: new Set(paths), names: new Set(paths.map((path) => posix.basename(path))), read };
}

const FOLDERS = "app|lib|tests|scripts|bench|drizzle|docs|public|\\.ci";
/** Matches paths from the root of the repository: `lib/core/key.ts`, `docs/hedera.md §4`, `tests/contract/store`. */
const PATH = new RegExp(
  `(?<![\\w@./-])(?:${FOLDERS})/[\\w./()[\\]{},*-]*[\\w)\\]}*](?![\\w-]*\\$)(?:\\s+§(\\d+))?`,
  "g",
);
/** Matches paths from lib, as comments in lib use them: `core/sync/watermark`. */
const LIB_PATH =
  /(?<![\w@./-])(?:core|ports|engine|adapters|wire|devnet|client|server)\/[\w/-]*\w(?:\.tsx?)?(?![\w./:*-])/g;
/** Matches a file's name without its folder: `sync-state.ts`. */
const NAME = /(?<![\w@./{$*-])\w[\w.-]*\.(?:md|ts|tsx|mts|mjs|sh|sql|yml|css)\b(?![\w/(])/g;
const ISSUE = /\bissue\s+#?\d+/gi;
const LINK = /\]\(([^)\s#]*)(?:#([^)\s]+))?\)/g;
/** Files that commands create or packages contain. */
const MADE =
  /^(bench\/results\.json|public\/wallet-connector\.js(\.map)?|(dependency-cruise|pglite-thread|submit-thread|vitest)\.mjs)$/;
/** Placeholders in examples. */
const EXAMPLE = /(^|\/)([a-z]|index|none|NAME|program|circle-[ab])(\.|\/|$)/;

/** One sentence for each reference that leads nowhere. */
export function brokenReferences(file: SourceFile, tree: Tree): readonly string[] {
  const text = isSource(file.path) ? proseOf(file.text) : file.text;
  const missing = new Set<string>();
  for (const [word, section] of text.matchAll(PATH)) {
    const target = balanced(word.replace(/\s+§\d+$/, ""));
    if (!isThere(target, tree)) missing.add(target);
    else if (section && !new RegExp(`^#+ ${section}\\. `, "m").test(tree.read(target))) missing.add(word);
  }
  for (const [word] of text.matchAll(LIB_PATH)) if (!isThere(`lib/${word}`, tree)) missing.add(word);
  for (const [word] of text.matchAll(NAME)) if (!tree.names.has(word)) missing.add(word);
  const problems = [...missing].filter((name) => !MADE.test(name) && !EXAMPLE.test(name));
  const links = file.path.endsWith(".md") ? brokenLinks(file, tree) : [];
  return [
    ...problems.map((name) => `${file.path}: there is no ${name}`),
    ...links.map((link) => `${file.path}: the link ${link} leads nowhere`),
    ...[...text.matchAll(ISSUE)].map(([word]) => `${file.path} cites ${word}`),
  ];
}

function brokenLinks({ path, text }: SourceFile, tree: Tree): readonly string[] {
  return [...text.matchAll(LINK)].flatMap(([, to = "", anchor]) => {
    if (/^[a-z]+:/.test(to)) return [];
    const target = to === "" ? path : posix.normalize(posix.join(posix.dirname(path), to));
    if (!isThere(target, tree)) return [to];
    if (anchor === undefined || !target.endsWith(".md")) return [];
    return anchorsOf(tree.read(target)).includes(anchor) ? [] : [`${to}#${anchor}`];
  });
}

/** The anchors that GitHub derives from a document's headings. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );
}

const isSource = (path: string) => /\.(ts|tsx|mts|mjs)$/.test(path);

/** Removes a closing bracket that belongs to the sentence and not to the path. */
const balanced = (path: string) =>
  path.endsWith(")") && !path.includes("(") ? path.slice(0, path.lastIndexOf(path.match(/\)+$/)?.[0] ?? "")) : path;

/** True for a file (with or without its extension), a folder, or a pattern with `*` or `{a,b}` that matches a file. */
function isThere(target: string, { files }: Tree): boolean {
  if (["", ".ts", ".tsx"].some((ending) => files.has(target + ending))) return true;
  if ([...files].some((file) => file.startsWith(`${target.replace(/\/$/, "")}/`))) return true;
  if (!/[*{]/.test(target)) return false;
  const pattern = target
    .replace(/[.()[\]]/g, "\\$&")
    .replace(/\*+/g, (stars) => (stars === "*" ? "[^/]*" : ".*"))
    .replace(/\{([^}]*)\}/g, (_, names: string) => `(?:${names.replaceAll(",", "|")})`);
  return [...files].some((file) => new RegExp(`^${pattern}(?:/|$)`).test(file));
}

/** Keeps comments and the contents of strings, and blanks everything else. Line numbers stay the same. */
export function proseOf(text: string): string {
  return differing(text, codeOf(text, "blank"));
}

function differing(text: string, code: string): string {
  let differing = "";
  for (let i = 0; i < text.length; i += 1) {
    const isSame = text[i] === code[i] && text[i] !== "\n";
    differing += isSame ? " " : text[i];
  }
  return differing;
}

const COMMENT = /^\s*(?:\{?\/\*+|\*|\/\/|#|--)\s*/;
const OPENING = /(?:^|\s)(?:\/\*+|\/\/|#|--)(?:\s|\*)*((?:Of|Who|What|Whose|Whom|Whoever)\b[^\n]{0,60})/;

/** Place and first words of each comment that opens without a subject. */
export function bareOpenings({ path, text }: SourceFile): readonly string[] {
  const comments = isSource(path) ? differing(text, codeOf(text)) : text;
  const lines = comments.split("\n");
  return lines.flatMap((line, i) => {
    const isFirst = !COMMENT.test(lines[i - 1] ?? "") || /\/\*/.test(line);
    const opening = isFirst ? OPENING.exec(line)?.[1] : undefined;
    // A block whose text begins on its second line.
    const below = /\/\*+\s*$/.test(line)
      ? OPENING.exec(`/* ${(lines[i + 1] ?? "").replace(/^\s*\*/, "")}`)?.[1]
      : undefined;
    const words = opening ?? below;
    return words === undefined ? [] : [`${path}:${i + 1}: ${words.trim()}`];
  });
}
