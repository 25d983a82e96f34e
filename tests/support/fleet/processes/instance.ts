/** The program of one app instance. It starts and ends as server.ts does, from its environment, but without Next. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { endInOrder } from "@/lib/server/boot/lifecycle";
import { getApp } from "@/lib/server/boot/start";
import { openFront } from "./front";

async function main(): Promise<void> {
  const app = await getApp();
  await app.firstSync.run();
  const front = openFront(app);
  const opened = { app, framework: null };
  const ending = { front, opened, opening: Promise.resolve(opened), clock: systemClock };
  process.once("SIGTERM", () => void endInOrder(ending).then(() => process.exit(0)));
  process.send?.({ port: await front.listen(0, "127.0.0.1") });
}

// The parent process has ended, so nobody needs this one.
process.once("disconnect", () => process.exit(0));
main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
