/**
 * Sends a stampede of reads from a separate process. The bench's own process carries Redis and the database, which would then
 * answer late. Each order is answered with a report.
 */
import { constants, setPriority } from "node:os";
import { ask, newAgent } from "@/tests/support/fleet/http";

export interface StampedeOrder {
  /** Ports of the instances. Reads go to each in turn. */
  readonly ports: readonly number[];
  readonly path: string;
  readonly cookie: string;
  readonly reads: number;
}

export interface StampedeReport {
  /** Time from the first request to the last answer. */
  readonly ms: number;
  /** Answers other than 200. */
  readonly refused: number;
}

async function send({ ports, path, cookie, reads }: StampedeOrder): Promise<StampedeReport> {
  const agent = newAgent();
  const startMs = performance.now();
  const port = (i: number) => ports[i % ports.length] as number;
  const answers = await Promise.all(
    Array.from({ length: reads }, (_, i) => ask({ port: port(i), agent, method: "GET", path, headers: { cookie } })),
  );
  const ms = performance.now() - startMs;
  agent.destroy();
  return { ms, refused: answers.filter(({ status }) => status !== 200).length };
}

// Real readers run on other machines, so this process must not take CPU from the processes that answer.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
process.on("message", (order: StampedeOrder) => {
  send(order).then(
    (report) => process.send?.(report),
    (cause: unknown) => {
      console.error(cause);
      process.exit(1);
    },
  );
});
process.once("disconnect", () => process.exit(0));
