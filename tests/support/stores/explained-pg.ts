/** Explains each PostgreSQL statement before it runs. It finds statements that choose partitions and may wait for a lock. */
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { type Database, databaseOver } from "@/lib/adapters/postgres/drivers/database";

export interface ExplainedPg {
  readonly database: Database;
  /** The explained statements that lock or change rows. */
  readonly explained: ReadonlySet<string>;
  /** Those of `explained` that chose partitions while they ran. */
  readonly choosing: ReadonlySet<string>;
}

/** A plan node of EXPLAIN, with the members that this file reads. */
interface Node {
  readonly "Node Type": string;
  readonly "Actual Loops": number;
  readonly Operation?: string;
  readonly "Subplans Removed"?: number;
  readonly Plans?: readonly Node[];
}

const CHANGES = /^\s*(?!DO\b)[\s\S]*\b(UPDATE|DELETE)\b/i;

export function explainedPg(url: string): ExplainedPg {
  const pool = new pg.Pool({ connectionString: url });
  const explained = new Set<string>();
  const choosing = new Set<string>();

  /** `mode`: a plan for these values, or the one that a connection keeps for all values. */
  async function explain(mode: "custom" | "generic", text: string, values: unknown[]): Promise<void> {
    const client = await pool.connect();
    const given = values.length === 0 ? "" : `(${values.map(literalOf).join(", ")})`;
    try {
      await client.query(`BEGIN; SET LOCAL plan_cache_mode = force_${mode}_plan`);
      await client.query(`PREPARE explained AS ${text}`);
      const { rows } = await client.query(
        `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) EXECUTE explained${given}`,
      );
      const nodes = allOf(rows[0]["QUERY PLAN"][0].Plan);
      if (!nodes.some(mayWait)) return;
      explained.add(text);
      if (nodes.some(choosesPartitions)) choosing.add(text);
    } catch {
      // The statement itself will fail in the same way, and tell its caller.
    } finally {
      await client.query("ROLLBACK");
      await client.query("DEALLOCATE explained").catch(() => {});
      client.release();
    }
  }

  const client = {
    async query(config: string | pg.QueryConfig, values?: unknown[]) {
      const text = typeof config === "string" ? config : config.text;
      const given = values ?? (typeof config === "string" ? [] : (config.values ?? []));
      if (CHANGES.test(text)) {
        await explain("custom", text, given);
        await explain("generic", text, given);
      }
      return pool.query(config as pg.QueryConfig, values);
    },
  };
  const queries = drizzle({ client: client as pg.Pool });
  return {
    database: databaseOver({ driver: "pg", open: () => queries, close: () => pool.end() }),
    explained,
    choosing,
  };
}

const allOf = (node: Node): readonly Node[] => [node, ...(node.Plans ?? []).flatMap(allOf)];

const mayWait = (node: Node): boolean =>
  node["Node Type"] === "LockRows" || node.Operation === "Update" || node.Operation === "Delete";

const literalOf = (value: unknown): string => {
  if (value === null || value === undefined) return "NULL";
  const text = value instanceof Uint8Array ? `\\x${Buffer.from(value).toString("hex")}` : String(value);
  return pg.escapeLiteral(text);
};

/** True if the node skipped a partition and read a later one. A scan that merely ends early skips only the last ones. */
function choosesPartitions({ "Node Type": type, "Subplans Removed": removed = 0, Plans = [] }: Node): boolean {
  if (type !== "Append" && type !== "Merge Append") return false;
  if (removed > 0) return true;
  const loops = Plans.map((plan) => plan["Actual Loops"]);
  return loops.lastIndexOf(0) >= 0 && loops.slice(loops.indexOf(0)).some((count) => count > 0);
}
