/** A PostgreSQL whose statements are explained before they run, to find those that choose partitions while they may wait for a lock. */
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { type Database, databaseOver } from "@/lib/adapters/postgres/drivers/database";

export interface ExplainedPg {
  readonly database: Database;
  /** The statements that lock rows or change them, as far as they were explained. */
  readonly explained: ReadonlySet<string>;
  /** Those of them that chose partitions while they ran. */
  readonly choosing: ReadonlySet<string>;
}

/** A node of a plan in the answer of EXPLAIN, with the members that are read here. */
interface Node {
  readonly "Node Type": string;
  readonly "Actual Loops": number;
  readonly Operation?: string;
  readonly Plans?: readonly Node[];
}

const CHANGES = /^\s*(?!DO\b)[\s\S]*\b(UPDATE|DELETE)\b/i;

export function explainedPg(url: string): ExplainedPg {
  const pool = new pg.Pool({ connectionString: url });
  const explained = new Set<string>();
  const choosing = new Set<string>();

  async function explain(text: string, values: unknown[]): Promise<void> {
    const client = await pool.connect();
    try {
      await client.query("BEGIN");
      const { rows } = await client.query(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ${text}`, values);
      const nodes = allOf(rows[0]["QUERY PLAN"][0].Plan);
      if (!nodes.some(mayWait)) return;
      explained.add(text);
      if (nodes.some(choosesPartitions)) choosing.add(text);
    } catch {
      // The statement fails, and the caller hears of it from the statement itself.
    } finally {
      await client.query("ROLLBACK");
      client.release();
    }
  }

  const client = {
    async query(config: string | pg.QueryConfig, values?: unknown[]) {
      const text = typeof config === "string" ? config : config.text;
      if (CHANGES.test(text)) await explain(text, values ?? []);
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

/** A partition was passed over, and a later one was read. One that merely ended early leaves only the last ones out. */
function choosesPartitions({ "Node Type": type, Plans = [] }: Node): boolean {
  if (type !== "Append" && type !== "Merge Append") return false;
  const loops = Plans.map((plan) => plan["Actual Loops"]);
  return loops.lastIndexOf(0) >= 0 && loops.slice(loops.indexOf(0)).some((count) => count > 0);
}
