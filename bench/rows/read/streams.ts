/** A million events to 500 streams on four processes, clients moved every 1 to 5 s, one process killed every 10 s. */

import { runStreams } from "@/tests/support/fleet/scenarios/streams";
import { startServices } from "@/tests/support/fleet/services";
import type { BenchRow } from "../../types";

export const names = ["stream.lost", "stream.duplicated", "stream.idle_commands"];

const CLIENTS = 500;
/** Each message then reaches eight clients, so a million events take 125,000 messages and about five minutes on two cores. */
const CLIENTS_PER_USER = 4;

export async function run(): Promise<readonly BenchRow[]> {
  const services = await startServices();
  try {
    const outcome = await runStreams({
      services,
      instances: 4,
      clients: CLIENTS,
      clientsPerUser: CLIENTS_PER_USER,
      events: 1_000_000,
      messagesPerSecond: 500,
      stay: { leastMs: 1_000, mostMs: 5_000 },
      killEveryMs: 10_000,
      idleMs: 10_000,
    });
    const { expected, lost, duplicated, outOfOrder, resyncs, connections, kills, seconds, idle, idleSeconds } = outcome;
    const load = `${expected} events to ${CLIENTS} clients of ${CLIENTS / CLIENTS_PER_USER} users on 4 processes in ${seconds.toFixed(0)} s`;
    const own = `${idle.own.round} rounds, ${idle.own.budget} tokens of the mirror budget, ${idle.own.report} reports and ${idle.own.gate} gates`;
    return [
      {
        name: "stream.lost",
        value: lost,
        unit: "events",
        detail: `required: 0; ${load}, ${kills} killed, ${connections} connections, ${resyncs} told to resync`,
      },
      {
        name: "stream.duplicated",
        value: duplicated,
        unit: "events",
        detail: `required: 0; ${outOfOrder} out of order`,
      },
      {
        name: "stream.idle_commands",
        value: idle.commands,
        unit: "commands",
        detail: `required: 0; ${CLIENTS} streams, ${idleSeconds} s, ${idle.statements} SQL; the 4 processes themselves took ${own}, as with one stream each`,
      },
    ];
  } finally {
    await services.stop();
  }
}
