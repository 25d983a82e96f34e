/**
 * Says when this process can go no further by itself, as a condition and not as a number of turns: a busy machine needs more of
 * them. What is ready to run is run, what other threads compute has come back, and what was sent to a server of this process has
 * arrived. What stays is waiting for the clock, or for nothing.
 */
import { performance } from "node:perf_hooks";
import { arrived } from "./loopback";

const underWay = new Set<Promise<unknown>>();

/** Counts `work` as something that this process waits for: the answer of a real server takes real time. */
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

// Both compute in other threads, and Node has no list of that. The first fetch of a process compiles its parser.
watch(crypto.subtle, ["digest", "importKey", "sign", "verify"]);
watch(WebAssembly, ["compile", "instantiate"]);

/** Files, host names and immediates, as Node names them. A connection is no sign of work: it may be silent for ever. */
const WORK = /^(FSReq|CloseReq|GetAddrInfoReq|GetNameInfoReq|Immediate)/;

const events = () => performance.nodeTiming.uvMetricsInfo.events;

/** Whether nothing happened but the one event that tells that everything has arrived. */
async function isIdle(): Promise<boolean> {
  const before = events();
  await arrived();
  return events() - before <= 1 && !process.getActiveResourcesInfo().some((name) => WORK.test(name));
}

async function settleAlone(): Promise<void> {
  do await Promise.allSettled(underWay);
  while (!(await isIdle()) || underWay.size > 0);
}

let last = Promise.resolve();

/** Lets everything run that can, and whatever follows from it. One caller at a time: they would take each other for work. */
export function settle(): Promise<void> {
  last = last.then(settleAlone);
  return last;
}
