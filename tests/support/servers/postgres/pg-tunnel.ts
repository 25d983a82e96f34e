/** Carries one client's connection to PostgreSQL. It counts statements and applies faults to them. */
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Counters } from "../../stand-ins/counters";
import { type FaultSwitch, unlessClosed } from "../../stand-ins/faults";
import { StatementReader } from "./pg-frontend";

/**
 * A fault applies to a message that runs a statement. Later messages wait for it, as on a real connection. A proxy cannot send
 * errors inside a session, so an error fault or a lost answer breaks the connection.
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
