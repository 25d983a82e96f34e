/**
 * Compares the capacity model with a real load of the model's users, at several scales: people who write little through us, and people
 * who write everything through us, each with and without signals that wait for each other. Required: within 15 %.
 */

import { withLinger } from "@/lib/core/capacity/inputs";
import { AppClient, DevnetClient } from "@/scripts/develop/load/client";
import { type Comparison, compare, type Meters } from "@/scripts/develop/load/compare";
import { drive } from "@/scripts/develop/load/drive";
import { inputsOf, type LoadPlan } from "@/scripts/develop/load/load-plan";
import { SetUp } from "../../support/set-up";
import type { BenchRow } from "../../types";

export const names = ["capacity.prediction_error", "capacity.event_bytes_per_user"];

const INSTANCES = 2;
/** Simulated days in one real day. This makes 1, 4 and 16 messages a second, and a little more than half as many reads. */
const FACTOR = 20;
const PLAN: Omit<LoadPlan, "users" | "seconds" | "ownWriteShare"> = {
  factor: FACTOR,
  signalsPerUserDay: 175,
  readsPerUserDay: 100,
  openPageShare: 0.05,
  contactsPerUser: 10,
};

interface Case extends Pick<LoadPlan, "users" | "seconds" | "ownWriteShare"> {
  readonly lingerMs: number;
}

/** The smallest load causes three statements a second. During the run these are 300, a number that chance alone changes by 6 %. */
const CASES: readonly Case[] = [
  { ownWriteShare: 0.1, lingerMs: 0, users: 25, seconds: 100 },
  { ownWriteShare: 0.1, lingerMs: 0, users: 100, seconds: 70 },
  { ownWriteShare: 0.1, lingerMs: 0, users: 400, seconds: 60 },
  { ownWriteShare: 0.1, lingerMs: 1_000, users: 400, seconds: 60 },
  { ownWriteShare: 1, lingerMs: 0, users: 100, seconds: 70 },
  { ownWriteShare: 1, lingerMs: 0, users: 400, seconds: 60 },
  { ownWriteShare: 1, lingerMs: 1_000, users: 100, seconds: 70 },
  { ownWriteShare: 1, lingerMs: 1_000, users: 400, seconds: 60 },
];

export async function run(): Promise<readonly BenchRow[]> {
  const setUp = await SetUp.start();
  try {
    const details: string[] = [];
    let worst = 0;
    const events = { bytes: 0, users: 0 };
    for (const { lingerMs, ...some } of CASES) {
      const { comparisons, receivedBytes, toldUsers } = await measure(setUp, { ...PLAN, ...some }, lingerMs);
      for (const { error } of comparisons) worst = Math.max(worst, Math.abs(error ?? 1));
      const { users, ownWriteShare } = some;
      const name = `${users} users, own share ${ownWriteShare}, waiting ${lingerMs} ms`;
      details.push(`${name}: ${comparisons.map(inWords).join(", ")}`);
      events.bytes += receivedBytes;
      events.users += toldUsers;
    }
    return [
      {
        name: "capacity.prediction_error",
        value: worst,
        unit: "ratio",
        detail: `the worst, at most 0.15; ${INSTANCES} instances, days passing ${FACTOR} times faster; measured/model: ${details.join("; ")}`,
      },
      {
        name: "capacity.event_bytes_per_user",
        value: events.bytes / events.users,
        unit: "bytes",
        detail: "received by an instance for each user whom a commit moved or renamed, topic and numbers included",
      },
    ];
  } finally {
    await setUp.stop();
  }
}

const inWords = ({ name, measured, predicted, error }: Comparison) =>
  `${name} ${measured}/${Math.round(predicted)} (${((error ?? 1) * 100).toFixed(1)} %)`;

async function measure(setUp: SetUp, plan: LoadPlan, lingerMs: number) {
  const network = await setUp.network(INSTANCES, { SUBMIT_LINGER_MS: String(lingerMs) });
  const { devnet, instances } = network;
  try {
    const app = new AppClient(instances.map(({ server }) => server.url));
    const client = await DevnetClient.open(devnet.restUrl);
    if (client === null) throw new Error("the devnet does not answer");
    const mirrorMs = await client.answerMs();
    const measureNow = async (at: "start" | "end"): Promise<Meters> => {
      // Counting the messages itself costs a few statements, so it stays outside the measured time.
      const messages = at === "start" ? await app.storedMessages() : null;
      const counts = {
        redisCommands: setUp.upstash.counters.read().total,
        sqlStatements: setUp.statements,
        mirrorRequests: devnet.requests.counts().total,
      };
      return { ...counts, messages: messages ?? (await app.storedMessages()) };
    };
    const name = `load${plan.users}-${plan.ownWriteShare * 10}-${lingerMs}`;
    const { figures, before, after } = await drive({ plan, app, devnet: client, name, measure: measureNow });
    if (figures.failures > 0)
      throw new Error(`${figures.failures} requests of the load failed: ${figures.firstFailure}`);
    const inputs = withLinger(inputsOf(plan, { instances: INSTANCES, mirrorMs }), lingerMs);
    return {
      comparisons: compare(inputs, INSTANCES, figures.elapsedS, before, after),
      receivedBytes: instances.reduce((sum, { tier }) => sum + tier.stats().byPurpose.subscribe.receivedBytes, 0),
      toldUsers: instances.reduce((sum, { told }) => sum + told.users, 0),
    };
  } finally {
    await network.close();
  }
}
