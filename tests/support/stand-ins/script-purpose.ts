/** Knows the purpose of each of our scripts. So a stand-in can tell the commands of reads from those of the sync. */
import type { Purpose } from "@/lib/adapters/redis/client/command-stats";
import { LAST_EVENT, LAST_PUBLISHED, PUBLISH, START_OVER, TOLD } from "@/lib/adapters/redis/events/event-scripts";
import {
  ABANDON,
  ATTEMPT,
  FINISH,
  LEASE,
  PASS_GATE,
  PING,
  RELEASE_LEASES,
  RESERVE,
  ROUND,
} from "@/lib/adapters/redis/hot-scripts";
import { REMOVE, REPORT } from "@/lib/adapters/redis/instance-reports";
import { EXPIRE, EXPIRE_ALL, FILL, HELD, LOOKUP } from "@/lib/adapters/redis/view-scripts";
import { BEGIN, END } from "@/lib/adapters/redis/write-scripts";
import type { Command } from "../servers/redis/resp";

const PURPOSES: ReadonlyMap<string, Purpose> = new Map<string, Purpose>([
  [LOOKUP, "lookup"],
  [FILL, "fill"],
  [HELD, "held"],
  [EXPIRE, "expire"],
  [EXPIRE_ALL, "expire"],
  [PASS_GATE, "gate"],
  [PING, "ping"],
  [ROUND, "round"],
  [LEASE, "lease"],
  [RELEASE_LEASES, "lease"],
  [RESERVE, "budget"],
  [BEGIN, "begin"],
  [END, "end"],
  [ATTEMPT, "idempotency"],
  [FINISH, "idempotency"],
  [ABANDON, "idempotency"],
  [PUBLISH, "publish"],
  [START_OVER, "publish"],
  [TOLD, "publish"],
  [LAST_EVENT, "cursor"],
  [LAST_PUBLISHED, "cursor"],
  [REPORT, "report"],
  [REMOVE, "report"],
]);

/** The purpose of a command that runs one of our scripts. Undefined for any other command. */
export function purposeOfScript([name, script]: Command): Purpose | undefined {
  return String(name).toUpperCase() === "EVAL" ? PURPOSES.get(String(script)) : undefined;
}
