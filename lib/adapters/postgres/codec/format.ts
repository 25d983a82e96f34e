/**
 * The version of what rows hold: phrases and codes that stand for something, and what columns mean. Whatever a version of this app
 * reads wrongly because it is too old, it must not read at all.
 */
import { type Database, DatabaseUnusable } from "../drivers/database";

/**
 * Raised with every change that an earlier version cannot read: a phrase or a code more, a column that means something else. A
 * test holds the number against what is stored.
 */
export const FORMAT = 1;

/** Throws a sentence where the database holds rows of a later format. Answers the format that it holds. */
export async function refuseLaterFormat(db: Database): Promise<number> {
  const [row] = await db.query("SELECT format FROM meta");
  const format = Number(row?.format ?? FORMAT);
  if (format <= FORMAT) return format;
  throw new DatabaseUnusable(
    `This database holds rows of format ${format}, which a later version wrote; this version reads formats up to ${FORMAT}: start the later version, or restore a backup from before the upgrade.`,
  );
}

/**
 * The same, and marks the database as holding rows of this format. Instances of an earlier version that run on leave out the rows
 * that they cannot read, and count them.
 */
export async function claimFormat(db: Database): Promise<void> {
  const format = await refuseLaterFormat(db);
  if (format < FORMAT) await db.query("UPDATE meta SET format = greatest(format, $1::integer)", [FORMAT]);
}
