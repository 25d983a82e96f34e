/** Finds SQL that bypasses drizzle: statements in plain strings, and templates that name a table in text. */
import { getTableName, is } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import * as schema from "@/drizzle/schema";
import { codeOf, type SourceFile } from "./source";

const STATEMENT = /(["'`])\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|TRUNCATE|LOCK TABLE|DO \$)\b/g;
/** Matches the tag `sql` before a template, with the type of its result. */
const TAG = /\bsql(<[^`]*>)?$/;

const TABLES = Object.values(schema).flatMap((value: unknown) => (is(value, PgTable) ? [getTableName(value)] : []));
const NAMED_TABLE = new RegExp(`\\b(FROM|JOIN|INTO|UPDATE|TABLE|TRUNCATE|USING)\\s+(${TABLES.join("|")})\\b`, "g");

/** Migrations may be plain SQL. */
const MIGRATIONS = "lib/adapters/postgres/drivers/migrate.ts";

export function sqlViolations({ path, text }: SourceFile): readonly string[] {
  if (path === MIGRATIONS) return [];
  const code = codeOf(text);
  const strings = [...code.matchAll(STATEMENT)].filter(({ index }) => !TAG.test(code.slice(0, index)));
  return [
    ...strings.map(([, , verb]) => `${path} has ${verb} in a string`),
    ...[...code.matchAll(NAMED_TABLE)].map(([, , table]) => `${path} names the table ${table} in text`),
  ];
}
