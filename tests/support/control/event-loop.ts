/**
 * Waits until this process is idle: no callback is ready, no other thread computes for it, and every byte that it sent to itself
 * has arrived. Work that is left waits for the clock. Idleness is a condition and not a number of turns, because a busy machine
 * needs more turns.
 */
import { performance } from "node:perf_hooks";
import type { Writable } from "node:stream";
import * as zlib from "node:zlib";
import { watchWholeFiles, wholeFileCalls } from "@/lib/system/whole-files";
import { arrived } from "./loopback";

const underWay = new Set<Promise<unknown>>();

/** Keeps `settle` waiting until `work` ends. Use it for calls to a real server, whose answers take real time. */
export function busy<T>(work: Promise<T>): Promise<T> {
  const done = work.finally(() => underWay.delete(done));
  underWay.add(done);
  return done;
}

function watch(owner: object, names: readonly string[]): void {
  for (const name of names) {
    const method: (...given: unknown[]) => Promise<unknown> = Reflect.get(owner, name);
    Reflect.set(
      owner,
      name,
      new Proxy(method, { apply: (_, self, given) => busy(Reflect.apply(method, self, given)) }),
    );
  }
}

// Both compute in other threads, which Node does not list. The first fetch of a process compiles WebAssembly.
watch(crypto.subtle, ["digest", "importKey", "sign", "verify"]);
watch(WebAssembly, ["compile", "instantiate"]);

// So does compression. The functions of node:zlib end a stream of one of these classes, whoever has imported them before.
for (const name of ["BrotliCompress", "DeflateRaw"]) {
  const { prototype } = Reflect.get(zlib, name) as { readonly prototype: Writable };
  const apply = (end: Writable["end"], stream: Writable, given: unknown[]) => {
    void busy(new Promise((resolve) => stream.once("close", resolve)));
    return Reflect.apply(end, stream, given);
  };
  Reflect.set(prototype, "end", new Proxy(prototype.end, { apply }));
}

watchWholeFiles();

/** Node's names of work on files, host names and immediates. Connections do not count: one may stay silent for ever. */
const WORK = /^(FSReq|CloseReq|GetAddrInfoReq|GetNameInfoReq|Immediate)/;

const events = () => performance.nodeTiming.uvMetricsInfo.events;

const isWorkLeft = () => wholeFileCalls() > 0 || process.getActiveResourcesInfo().some((name) => WORK.test(name));

/**
 * True if the event loop saw only the one event of `arrived`, and no immediate ran in that turn. What an immediate sends shows in
 * the next turn only: `fetch` of Node 24 sends so on a connection that was used before.
 */
async function isIdle(): Promise<boolean> {
  const before = events();
  let hadWork = false;
  await arrived(() => {
    hadWork = isWorkLeft();
  });
  return events() - before <= 1 && !hadWork && !isWorkLeft();
}

async function settleAlone(): Promise<void> {
  do await Promise.allSettled(underWay);
  while (!(await isIdle()) || underWay.size > 0);
}

let last = Promise.resolve();

/** Waits until this process is idle. Callers wait for each other, because each would see the other's events as work. */
export function settle(): Promise<void> {
  last = last.then(settleAlone);
  return last;
}
