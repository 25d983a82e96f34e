/**
 * Lets all instances of a fleet pack all the time, as the route for schedulers does on a platform whose processes do not live on, and
 * chooses instances to be killed in the middle of it.
 */
import pg from "pg";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { createRng } from "@/lib/devnet/rng";
import { RespConnection } from "../../servers/redis/resp";
import { type Fleet, type Instance, NETWORK, sessionName } from "../fleet";
import type { FleetServices } from "../services";

const CRON_SECRET = "a-secret-of-the-schedule-that-is-long-enough";

/** Variables of instances that pack. */
export const PACKING_ENV = { HOT_HOURS: "1", CRON_SECRET };
const HOT_MS = 3_600_000;
/** Clock of a ledger whose messages are all old enough to be packed: two hours late. */
export const oldLedger = { now: () => Date.now() - 2 * HOT_MS };
/** Matches what instances log about such a ledger. */
export const SAYS_LEDGER_IS_OLD = /"code":"topics-behind"/;

/** Instances pack from a day after the database was first opened by a version that can. */
const FIRST_OPENED_EARLIER = "UPDATE meta SET packable_ms = packable_ms - 172800000";
/**
 * A person whose rows fill no segment is looked at again when messages of now are old. Messages of this ledger are old as soon as they
 * come. Heads are taken in the order in which commits take them.
 */
const LOOK_AT_EVERYBODY = `WITH held AS (SELECT user_no FROM user_heads WHERE due_ns > 0 ORDER BY user_id FOR UPDATE)
  UPDATE user_heads h SET due_ns = 0 FROM held WHERE h.user_no = held.user_no`;
const OPEN_GATE = ["DEL", new Keys(NETWORK).gate("pack")];
const GATE_MS = 50;
const PAUSE_MS = 150;
/** The sessions that run a statement of packing. A killed instance's statement runs to its end. */
const PACKING = `SELECT application_name FROM pg_stat_activity
  WHERE state = 'active' AND pid <> pg_backend_pid() AND (query LIKE '%pack_rows(%' OR query LIKE '%packed_through%')`;
const LOOKS = 60;
const LOOK_MS = 5;

export class PackingLoad {
  /** Instances that were killed while the database ran a statement of theirs that packs. */
  killed = 0;
  /** Answers other than 200. */
  readonly refused: string[] = [];
  private readonly rng = createRng(4);

  private constructor(
    private readonly fleet: Fleet,
    private readonly redis: RespConnection,
    private readonly database: pg.Pool,
  ) {}

  /** From now on the instances of the fleet may pack. */
  static async open({ redis }: FleetServices, fleet: Fleet): Promise<PackingLoad> {
    const database = new pg.Pool({ connectionString: fleet.databaseUrl });
    await database.query(FIRST_OPENED_EARLIER);
    return new PackingLoad(fleet, await RespConnection.open(redis.port), database);
  }

  async close(): Promise<void> {
    this.redis.close();
    await this.database.end();
  }

  /** Lets every instance pack, one time after the other. */
  async during(isOver: () => boolean): Promise<void> {
    const opening = this.openGate(isOver);
    await Promise.all(
      this.fleet.instances.map(async (instance) => {
        while (!isOver()) {
          // A killed instance breaks the request.
          if (instance.port !== null) await this.pack(instance).catch(() => {});
          await systemClock.sleep(PAUSE_MS);
        }
      }),
    );
    await opening;
  }

  /** Otherwise one instance would pass every ten minutes. On a slow machine an instance syncs for seconds before it comes to the gate. */
  private async openGate(isOver: () => boolean): Promise<void> {
    for (; !isOver(); await systemClock.sleep(GATE_MS)) await this.redis.send([OPEN_GATE]);
  }

  /** Resolves when the instance has packed for some seconds, or nothing is left. */
  async pack(instance: Instance): Promise<void> {
    await this.redis.send([OPEN_GATE]);
    await this.database.query(LOOK_AT_EVERYBODY);
    const headers = { authorization: `Bearer ${CRON_SECRET}` };
    const { status, text } = await instance.get("/api/cron/sync", "tm-fed-0", { headers });
    if (status !== 200) this.refused.push(`pack: ${status} ${text}`);
  }

  /** Chooses an instance that packs at this moment. If none does for some time, any. */
  readonly choose = async (running: readonly Instance[]): Promise<Instance> => {
    for (let looks = 0; looks < LOOKS; looks += 1) {
      const { rows } = await this.database.query<{ application_name: string }>(PACKING);
      const victim = running.find(({ index }) => rows.some((row) => row.application_name === sessionName(index)));
      if (victim !== undefined) {
        this.killed += 1;
        return victim;
      }
      await systemClock.sleep(LOOK_MS);
    }
    return this.rng.pick(running);
  };
}
