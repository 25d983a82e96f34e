/**
 * Four segments of contacts become sixteen while everybody writes and reads through two instances. Measures what the users
 * notice.
 */
import { activeShards, routeTopic } from "@/lib/core/shards/shards";
import { plain, standard } from "@/tests/support/worlds/shards/registries";
import { accountOf, startLoad } from "@/tests/support/worlds/shards/split-load";
import { startSplitWorld } from "@/tests/support/worlds/shards/split-world";
import type { BenchRow } from "../../types";

export const names = ["split.lost", "split.duplicated", "split.failed_reads", "split.moved_share"];

const USERS = Array.from({ length: 40 }, (_, i) => `tm-user-${i}`);
/** Users that are routed but do not write. They are many, so that a share of them is meaningful. */
const ROUTED = Array.from({ length: 20_000 }, (_, i) => `0.0.${7_000_000 + i}`);
const GROUP = standard("contact");

export async function run(): Promise<readonly BenchRow[]> {
  const world = await startSplitWorld({ segments: 4, instances: 2, distanceMs: 20 });
  try {
    const [first] = world.instances;
    if (!first) throw new Error("there is no instance");
    const { stores } = first.app;
    const load = startLoad(world, USERS, 2);
    await load.more(100);
    const before = await stores.registry.load();
    const startMs = performance.now();
    const outcome = await world.operator().resharder.run({ name: "grow", group: GROUP, to: 16 });
    const seconds = (performance.now() - startMs) / 1_000;
    if (outcome.kind !== "done") throw new Error("the split was not done");
    await load.more(300);
    await load.stop();
    await load.round();
    const onLedger = () =>
      [...world.devnet.ledger.topics.values()].reduce((sum, topic) => sum + topic.messages.length, 0);
    const stored = async () => (await stores.sync.topics()).reduce((sum, { cursor }) => sum + cursor, 0);
    while ((await stored()) < onLedger()) await first.app.scheduler.syncNow();
    const account = await accountOf(world, load, USERS);
    const after = await stores.registry.load();
    const segmentIn = (registry: typeof after, userId: string) =>
      routeTopic(registry, plain(userId), "contact")?.topicId;
    const moved =
      ROUTED.filter((userId) => segmentIn(before, userId) !== segmentIn(after, userId)).length / ROUTED.length;
    const of = `${load.written.length} messages of ${USERS.length} users, 2 instances; ${activeShards(after, GROUP).length} segments after ${seconds.toFixed(1)} s`;
    return [
      { name: "split.lost", value: account.lost.length, unit: "messages", detail: `at most 0; ${of}` },
      {
        name: "split.duplicated",
        value: account.duplicated.length,
        unit: "users",
        detail: `at most 0; out of order ${account.outOfOrder.length} (at most 0), writes that failed ${load.failedWrites.length}`,
      },
      {
        name: "split.failed_reads",
        value: load.reads.failed.length,
        unit: "reads",
        detail: `at most 0; ${load.reads.ok} were answered meanwhile`,
      },
      {
        name: "split.moved_share",
        value: moved * 100,
        unit: "%",
        detail: `(16 - 4) / 16 = 75 within 2; of ${ROUTED.length} users, by the registry as it was and is; ${account.moved} of the ${USERS.length} who wrote`,
      },
    ];
  } finally {
    await world.close();
  }
}
