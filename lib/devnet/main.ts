/**
 * A devnet as a process of its own:
 *
 *   node --import tsx lib/devnet/main.ts --data-dir DIR [--seed PEOPLE] [--world N] [--trickle MS]
 *     [--host 127.0.0.1] [--rest-port N] [--node-port N] [--mirror-grpc-port N] [--no-grpc]
 *
 * Forked with an IPC channel it sends its announcement to its parent and leaves with it; otherwise it prints one JSON
 * line on stdout. Without `--data-dir` nothing is kept.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Devnet, startDevnet } from "./devnet";
import type { Announcement } from "./ready";

const DEFAULT_PEOPLE = 200;
const DEFAULT_TRICKLE_MS = 4_000;
const IS_FORKED = process.send !== undefined;

function optionsOf(argv: readonly string[]) {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      "data-dir": text,
      seed: text,
      world: text,
      trickle: text,
      host: text,
      "rest-port": text,
      "node-port": text,
      "mirror-grpc-port": text,
      "no-grpc": { type: "boolean" },
    },
  });
  const number = (name: keyof typeof values, fallback: number) => {
    const value = values[name];
    if (value === undefined) return fallback;
    if (!/^\d+$/.test(String(value))) throw new Error(`--${name} must be a whole number, not ${value}`);
    return Number(value);
  };
  return {
    dataDir: values["data-dir"] ?? null,
    people: number("seed", DEFAULT_PEOPLE),
    ...(values.world === undefined ? {} : { worldSeed: number("world", 0) }),
    trickleMs: number("trickle", DEFAULT_TRICKLE_MS),
    ...(values.host === undefined ? {} : { host: values.host }),
    restPort: number("rest-port", 0),
    nodePort: number("node-port", 0),
    mirrorGrpcPort: number("mirror-grpc-port", 0),
    grpc: !values["no-grpc"],
  };
}

function announce(announcement: Announcement): Promise<void> {
  if (!process.send) {
    if (announcement.type === "failed") process.stderr.write(`${announcement.message}\n`);
    else process.stdout.write(`${JSON.stringify(announcement)}\n`);
    return Promise.resolve();
  }
  return new Promise((resolve) => process.send?.(announcement, () => resolve()));
}

async function main(): Promise<void> {
  let devnet: Devnet;
  let dataDir: string | null;
  try {
    const options = optionsOf(process.argv.slice(2));
    dataDir = options.dataDir;
    devnet = await startDevnet(options);
  } catch (error) {
    await announce({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
  const leave = () => void devnet.stop().finally(() => process.exit(0));
  for (const event of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(event, leave);
  // The parent died while the ledger was seeded, so nobody is left to tell.
  if (IS_FORKED && !process.connected) return leave();
  // For tools that know the directory only (npm run load): the port is another at each start.
  if (dataDir !== null) writeFileSync(join(dataDir, "rest-url"), `${devnet.restUrl}\n`);
  const { restUrl, nodeAddress, mirrorGrpcAddress, ledgerId, operatorId, operatorKey, topics, people } = devnet;
  const addresses = { restUrl, nodeAddress, mirrorGrpcAddress, ledgerId, operatorId, operatorKey, topics, people };
  await announce({ type: "ready", ...addresses });
}

void main();
