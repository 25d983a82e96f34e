/**
 * Floods sign-in and submit, in a process of its own: in the readers' process it would be the readers' clock that suffers. Told
 * `{port, address, seconds, perSecond}`, it sends `{signedIn}`; each message after that starts one spell, answered by its statuses.
 */
import { constants, setPriority } from "node:os";
import { FloodClient, spell } from "./flood-client";

export interface FloodOrder {
  readonly port: number;
  readonly address: string;
  readonly seconds: number;
  readonly perSecond: number;
}
/** Of a spell: status to how many answers. */
export type FloodStatuses = Readonly<Record<string, number>>;

const USER = "tm-attacker";

async function main(order: FloodOrder): Promise<void> {
  // A flood comes from elsewhere: making it must not take the CPU of those whom it is to disturb.
  setPriority(constants.priority.PRIORITY_LOW);
  const client = new FloodClient(order.port, order.address);
  const cookie = await client.signIn(USER);
  let nonce = 0;
  process.on("message", async () => {
    const statuses: Record<string, number> = {};
    await spell(order.seconds, order.perSecond, async (i) => {
      const sent =
        i % 2 === 0
          ? client.send("/api/auth/challenge", {}, { accountId: "0.0.5" })
          : client.write(USER, cookie, ++nonce);
      // A connection that broke is one of the answers.
      const { status } = await sent.catch(({ code }: NodeJS.ErrnoException) => ({ status: code ?? "broken" }));
      statuses[status] = (statuses[status] ?? 0) + 1;
    });
    process.send?.(statuses);
  });
  process.send?.({ signedIn: true });
}

process.once("disconnect", () => process.exit(0));
process.once("message", (order) => void main(order as FloodOrder));
