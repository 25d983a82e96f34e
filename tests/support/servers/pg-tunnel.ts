/** Carries one client's connection to a PostgreSQL, counting its statements and spoiling them as the faults have it. */
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Counters } from "../stand-ins/counters";
import { type FaultSwitch, unlessClosed } from "../stand-ins/faults";
import { StatementReader } from "./pg-frontend";

/**
 * A fault hits a message that runs a statement; what comes after waits for it, as on a real connection. A proxy has no errors of
 * its own inside a session: where one is called for, or an answer is to be lost, the connection breaks.
 */
export function tunnel(client: Duplex, postgresPort: number, counters: Counters, faults: FaultSwitch): void {
  const reader = new StatementReader();
  const server = connect(postgresPort, "127.0.0.1");
  const end = () => {
    client.destroy();
    server.destroy();
  };
  let isAnswerLost = false;

  async function forward(): Promise<void> {
    for await (const chunk of client as AsyncIterable<Buffer>) {
      const verbs = reader.read(chunk);
      if (verbs.length > 0) {
        const verdict = faults.judge();
        if (verdict.isReset || verdict.errorStatus !== null) return end();
        if (verdict.delayMs > 0) await unlessClosed(client, verdict.delayMs);
        isAnswerLost = verdict.isAnswerLost;
        for (const verb of verbs) counters.count(verb, undefined);
      }
      server.write(chunk);
    }
    server.end();
  }

  server.setNoDelay(true);
  server.on("data", (data) => {
    if (isAnswerLost) end();
    else client.write(data);
  });
  for (const side of [client, server]) {
    side.on("error", end);
    side.on("close", end);
  }
  forward().catch(end);
}
