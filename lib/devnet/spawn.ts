/** Starts a devnet in a process of its own, so that its work never stands in the way of the app's. */
import { fork } from "node:child_process";
import { join } from "node:path";
import type { DevnetAddresses, DevnetOptions } from "./devnet";
import { readAnnouncement } from "./ready";

export interface SpawnOptions extends Omit<DevnetOptions, "now" | "dataDir"> {
  readonly dataDir: string;
  /** The repository's root, where tsx and lib/ are found: the working directory if absent. */
  readonly rootDir?: string;
  /** How long it may take to be ready. */
  readonly timeoutMs?: number;
  /** Called when the process ends without having been stopped. */
  readonly onExit?: (reason: string) => void;
}

export interface DevnetHandle extends DevnetAddresses {
  readonly pid: number;
  stop(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;
const KEPT_ERROR_CHARACTERS = 2_000;

/** Deployed code, an image or a function, has neither the devnet's sources nor a way to run them. */
export class NoDevnet extends Error {
  override readonly name = "NoDevnet";

  constructor() {
    super(
      "HEDERA_NETWORK is devnet, which runs from the repository and is not part of what is deployed: set HEDERA_NETWORK to testnet, mainnet, previewnet or custom, and start again.",
    );
  }
}

/** The devnet ended before it was ready. The message says why, and what to do if that is known. */
class DevnetFailed extends Error {
  override readonly name = "DevnetFailed";
}

/** Forks the devnet; resolves when it is ready, rejects with a sentence that says why it is not. */
export function spawnDevnet(options: SpawnOptions): Promise<DevnetHandle> {
  const rootDir = options.rootDir ?? /* turbopackIgnore: true */ process.cwd();
  const { NODE_OPTIONS: _inspectors, ...env } = process.env;
  const script = join(/* turbopackIgnore: true */ rootDir, "lib", "devnet", "main.ts");
  // A program of its own, run by tsx: not a module for the bundler to resolve.
  const child = fork(/* turbopackIgnore: true */ script, argumentsOf(options), {
    cwd: rootDir,
    env,
    execPath: process.execPath,
    execArgv: ["--import", "tsx"],
    // A process group of its own: Ctrl-C in a terminal reaches a whole group, and the app still needs the devnet while it ends.
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ? `it was ended by ${signal}` : `it exited with code ${code}`));
  });
  let errors = "";
  child.stderr?.on("data", (data: Buffer) => {
    errors = (errors + data.toString("utf8")).slice(-KEPT_ERROR_CHARACTERS);
  });
  let isStopping = false;
  const stop = async () => {
    isStopping = true;
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  return new Promise((resolve, reject) => {
    let isReady = false;
    const fail = (reason: string) => {
      clearTimeout(timer);
      void stop();
      // Only a repository's packages can run it; nothing deployed has them (lib/server/cli/doctor.ts looks for the same).
      const isMissing = errors.includes("Cannot find package 'tsx'");
      reject(isMissing ? new NoDevnet() : new DevnetFailed(`The local Hedera (devnet) did not start: ${reason}`));
    };
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timer = setTimeout(() => fail(`it was not ready after ${timeoutMs} ms`), timeoutMs);
    child.on("message", (message) => {
      const announcement = readAnnouncement(message);
      if (!announcement || isReady) return;
      if (announcement.type === "failed") return fail(announcement.message);
      isReady = true;
      clearTimeout(timer);
      const { type: _type, ...addresses } = announcement;
      resolve({ ...addresses, pid: child.pid ?? 0, stop });
    });
    void exited.then((reason) => {
      if (!isReady) fail(errors.trim() === "" ? reason : `${reason}: ${errors.trim()}`);
      else if (!isStopping) options.onExit?.(`${reason}${errors.trim() === "" ? "" : `: ${errors.trim()}`}`);
    });
  });
}

function argumentsOf(options: SpawnOptions): string[] {
  const pairs: [string, string | number | undefined][] = [
    ["data-dir", options.dataDir],
    ["seed", options.people],
    ["world", options.worldSeed],
    ["trickle", options.trickleMs],
    ["host", options.host],
    ["rest-port", options.restPort],
    ["node-port", options.nodePort],
    ["mirror-grpc-port", options.mirrorGrpcPort],
  ];
  const given = pairs.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
  return options.grpc === false ? [...given, "--no-grpc"] : given;
}
