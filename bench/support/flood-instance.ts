/** The app in a process of its own behind a plain front, with what the server does in front of it. */
import { watchSockets } from "@/lib/server/client-address";
import { keepDoor } from "@/lib/server/door";
import { getApp } from "@/lib/server/start";
import { startFront } from "@/tests/support/fleet/front";

async function main(): Promise<void> {
  watchSockets();
  const app = await getApp();
  keepDoor(app);
  process.send?.({ port: await startFront(app) });
}

process.once("disconnect", () => process.exit(0));
void main();
