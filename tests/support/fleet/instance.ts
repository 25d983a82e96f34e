/** One instance of the app as a process of its own: started as the server starts it, out of its environment, behind a plain front. */
import { getApp } from "@/lib/server/start";
import { startFront } from "./front";

async function main(): Promise<void> {
  const app = await getApp();
  process.send?.({ port: await startFront(app) });
}

// Whoever started it is gone: so is its purpose.
process.once("disconnect", () => process.exit(0));
main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
