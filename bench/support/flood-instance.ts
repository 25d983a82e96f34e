/** The app in a process of its own behind a plain front, which knows addresses as the server does. */
import { watchSockets } from "@/lib/server/client-address";
import { getApp } from "@/lib/server/start";
import { startFront } from "@/tests/support/fleet/front";

async function main(): Promise<void> {
  watchSockets();
  const app = await getApp();
  process.send?.({ port: await startFront(app) });
}

process.once("disconnect", () => process.exit(0));
void main();
