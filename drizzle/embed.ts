/**
 * Writes the migrations into a module, so that a bundle carries them and `migrate` reads no file.
 * Run by `npm run db:generate`; tests/contract/store/schema.test.ts fails when the module is behind the files.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(fileURLToPath(new URL(".", import.meta.url)), "migrations");

/** The module's text, from the journal and the SQL files. */
export function embeddedModule(): string {
  const journal = JSON.parse(readFileSync(join(folder, "meta/_journal.json"), "utf8")) as {
    entries: { tag: string }[];
  };
  const migrations = journal.entries.map(({ tag }) => ({
    name: tag,
    statements: readFileSync(join(folder, `${tag}.sql`), "utf8")
      .split("--> statement-breakpoint")
      .map((statement) => statement.trim()),
  }));
  return [
    "// Written by drizzle/embed.ts from the SQL files beside it.",
    "export interface Migration {",
    "  readonly name: string;",
    "  readonly statements: readonly string[];",
    "}",
    "",
    `export const MIGRATIONS: readonly Migration[] = ${JSON.stringify(migrations, null, 2)};`,
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(folder, "embedded.ts"), embeddedModule());
}
