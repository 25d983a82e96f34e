/** Drives a set-up by a plan: prepares people and their contacts, then writes, reads and listens for the planned time. */
import { DEFAULT_INPUTS } from "@/lib/core/capacity/inputs";
import type { AppClient, DevnetClient } from "./client";
import type { Meters } from "./compare";
import { type LoadPlan, ratesOf } from "./load-plan";
import { Society, type Written } from "./society";

export interface Figures {
  readonly elapsedS: number;
  readonly written: number;
  readonly reads: number;
  readonly events: number;
  /** Answers other than 200, and requests without one. */
  readonly failures: number;
  /** The reason of the first failure. */
  readonly firstFailure: string | null;
  readonly openStreams: number;
  /** How long each answered request took, in milliseconds. */
  readonly readMs: readonly number[];
  readonly writeMs: readonly number[];
}

export interface Drive {
  readonly plan: LoadPlan;
  readonly app: AppClient;
  /** Null if every message goes through the app. */
  readonly devnet: DevnetClient | null;
  /** The name of the run, which is part of its user ids. */
  readonly name: string;
  readonly onPrepared?: (done: number, of: number) => void;
  readonly onFigures?: (figures: Figures) => void;
  /** Called when everything is prepared and settled, and again at the end of the run, before anything is closed. */
  readonly measure: (at: "start" | "end") => Promise<Meters>;
}

export interface Driven {
  readonly figures: Figures;
  readonly before: Meters;
  readonly after: Meters;
}

const TICK_MS = 50;
const FIGURES_EVERY_MS = 1_000;
const AT_ONCE = 20;
/** Long enough for streams to open and for sync rounds to read the prepared messages. */
const SETTLE_MS = 4_000;
const VIEWS = ["/api/contacts", "/api/circle", "/api/signals"] as const;
/** No tier caches reads with a filter or a watermark, so each costs one statement. */
const DIRECT = ["/api/signals?limit=20", "/api/hcs/events?type=contact"] as const;

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

export async function drive(options: Drive): Promise<Driven> {
  const { plan, app } = options;
  const rates = ratesOf(plan);
  const nowS = () => Math.floor(Date.now() / 1_000);
  const society = new Society(plan.users, plan.contactsPerUser, DEFAULT_INPUTS.kindShares, nowS, options.name);
  const closing = new AbortController();
  const counts = { written: 0, reads: 0, events: 0, failures: 0, firstFailure: null as string | null };
  const times: Times = { readMs: [], writeMs: [] };
  const pending = new Set<Promise<void>>();
  // A person's writes are sent one at a time, as the UI does, because nonces must grow.
  const last = new Map<string, Promise<void>>();
  const writeInOrder = (written: Written) => {
    const mine = (last.get(written.actor) ?? Promise.resolve()).then(() => write(options, written, counts, times));
    last.set(
      written.actor,
      mine.catch(() => {}),
    );
    return mine;
  };
  const start = (work: Promise<unknown>) => {
    const done = work.then(
      () => {},
      (cause: unknown) => {
        counts.failures += 1;
        counts.firstFailure ??= cause instanceof Error ? cause.message : String(cause);
      },
    );
    pending.add(done);
    void done.finally(() => pending.delete(done));
  };

  await prepare(options, society);
  const onEvent = () => {
    counts.events += 1;
  };
  const streams = Array.from({ length: rates.streams }, (_, i) =>
    app.stream(society.userId(i), onEvent, closing.signal),
  );
  await sleep(SETTLE_MS);
  const before = await options.measure("start");
  const startMs = performance.now();
  const figures = (): Figures => ({
    ...counts,
    ...times,
    elapsedS: (performance.now() - startMs) / 1_000,
    openStreams: rates.streams,
  });
  let [writesDue, readsDue, toldMs] = [0, 0, 0];
  for (let elapsedS = 0; elapsedS < plan.seconds; elapsedS = (performance.now() - startMs) / 1_000) {
    for (; writesDue < rates.messages * elapsedS; writesDue += 1) start(writeInOrder(society.next()));
    for (; readsDue < rates.reads * elapsedS; readsDue += 1) start(read(options, society, counts, times));
    if (performance.now() - toldMs >= FIGURES_EVERY_MS) {
      toldMs = performance.now();
      options.onFigures?.(figures());
    }
    await sleep(TICK_MS);
  }
  await Promise.all(pending);
  const end = figures();
  const after = await options.measure("end");
  closing.abort();
  await Promise.all(streams);
  return { figures: end, before, after };

  async function prepare({ onPrepared }: Drive, people: Society): Promise<void> {
    const bonds = [...people.bonds()];
    const total = plan.users + bonds.length;
    let done = 0;
    const all = async (work: readonly (() => Promise<void>)[]) => {
      for (let i = 0; i < work.length; i += AT_ONCE) {
        await Promise.all(work.slice(i, i + AT_ONCE).map((one) => one()));
        done += Math.min(AT_ONCE, work.length - i);
        onPrepared?.(done, total);
      }
    };
    await all(Array.from({ length: plan.users }, (_, i) => () => app.signIn(people.userId(i))));
    // The app remembers the last nonce of everybody who has written through it. For anybody else it must ask the log.
    const isWriting = plan.ownWriteShare > 0;
    await all(bonds.map((bond) => () => put(options, bond, isWriting && bond.isFirst ? 1 : 0)));
  }
}

interface Times {
  readonly readMs: number[];
  readonly writeMs: number[];
}

async function write(options: Drive, written: Written, counts: { written: number }, { writeMs }: Times): Promise<void> {
  const startMs = performance.now();
  await put(options, written, options.plan.ownWriteShare);
  writeMs.push(performance.now() - startMs);
  counts.written += 1;
}

async function put({ app, devnet, name }: Drive, { kind, actor, envelope }: Written, ownShare: number): Promise<void> {
  const isOwn = devnet === null || Math.random() < ownShare;
  if (!isOwn) return devnet.write(kind, envelope);
  const status = await app.submit(actor, envelope, `${name}-${envelope.nonce}`);
  if (status !== 200) throw new Error(`a write was answered ${status}`);
}

async function read({ app }: Drive, society: Society, counts: { reads: number }, { readMs }: Times): Promise<void> {
  const startMs = performance.now();
  const { rng } = society;
  const paths = rng.chance(DEFAULT_INPUTS.directReadShare) ? DIRECT : VIEWS;
  const status = await app.read(society.anybody(), rng.pick<string>(paths));
  if (status !== 200) throw new Error(`a read was answered ${status}`);
  counts.reads += 1;
  readMs.push(performance.now() - startMs);
}
