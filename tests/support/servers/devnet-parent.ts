/** Starts a devnet as the app does, tells its address, and notices Ctrl-C. It goes on until it is disconnected. */
import { spawnDevnet } from "@/lib/devnet/spawn";

process.on("SIGINT", () => process.send?.("Ctrl-C"));
process.on("disconnect", () => process.exit(0));
const [dataDir = ""] = process.argv.slice(2);
void spawnDevnet({ dataDir, people: 2, grpc: false }).then(({ restUrl, topics }) =>
  process.send?.({ restUrl, topic: topics.contact }),
);
