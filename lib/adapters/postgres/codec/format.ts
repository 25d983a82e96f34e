/**
 * The stored format: the phrases and codes in rows, and the meaning of columns. An older version of this app, which would misread the
 * rows, must not read them at all.
 */
import { isNull, lt, or, sql } from "drizzle-orm";
import { meta } from "../../../../drizzle/schema";
import type { Database } from "../drivers/database";
import { DatabaseUnusable } from "../drivers/errors";

/**
 * Raise it with every change that an earlier version cannot read: a new phrase or code, or a column that means something else. A
 * test compares the number with what is stored.
 */
export const FORMAT = 6;

/** The format of rows as every start may write them. Earlier versions read it. */
const UNPACKED_FORMAT = 2;

/** The format from the first packed message on (./log-segment.ts). Format 3 had the first layout, and no parts of split messages. */
export const LOG_SEGMENT_FORMAT = 5;

/** The format from the first packed row of a person on (../write/pack-rows.ts). */
export const USER_SEGMENT_FORMAT = 4;

/** The format from the first dropped message on (../write/drop-old.ts). */
export const DROPPED_FORMAT = 6;

/** Throws a sentence if the database holds rows of a later format. Returns the format that it holds. */
export async function refuseLaterFormat(db: Database): Promise<number> {
  const [row] = await db.ask((queries) => queries.select({ format: meta.format }).from(meta));
  const format = row?.format ?? UNPACKED_FORMAT;
  if (format <= FORMAT) return format;
  throw new DatabaseUnusable(
    `This database holds rows of format ${format}, which a later version wrote; this version reads formats up to ${FORMAT}: start the later version, or restore a backup from before the upgrade.`,
  );
}

/**
 * Like `refuseLaterFormat`. Marks the database as holding rows of the format that every start may write, and as opened by a version
 * that reads packed messages and knows dropped ones. Instances of an earlier version that are still running leave out the rows that
 * they cannot read, and count them. Packed rows they do not see.
 */
export async function claimFormat(db: Database): Promise<void> {
  await refuseLaterFormat(db);
  await db.ask((queries) =>
    queries
      .update(meta)
      .set({
        format: sql`greatest(${meta.format}, ${UNPACKED_FORMAT})`,
        packableMs: sql`coalesce(${meta.packableMs}, (extract(epoch FROM now()) * 1000)::bigint)`,
        droppableMs: sql`coalesce(${meta.droppableMs}, (extract(epoch FROM now()) * 1000)::bigint)`,
      })
      .where(or(lt(meta.format, UNPACKED_FORMAT), isNull(meta.packableMs), isNull(meta.droppableMs))),
  );
}
