/**
 * Sends a stampede of reads, in a process of its own: the bench's process carries Redis and the database, which would answer late.
 * Each order is answered by a report.
 */
import { constants, setPriority } from "node:os";
import { ask, newAgent } from "@/tests/support/fleet/http";

export interface StampedeOrder {
  /** The instances' ports; reads go round them. */
  readonly ports: readonly number[];
  readonly path: string;
  readonly cookie: string;
  readonly reads: number;
}

export interface StampedeReport {
  /** From the first request to the last answer. */
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

// Readers come from elsewhere: they must not take the CPU of those who answer.
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
