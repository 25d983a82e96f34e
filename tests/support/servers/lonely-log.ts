/** A process that logs as the server does, for a parent that stops reading. It reports to the parent what came of 200 lines. */
import { claimProcess } from "@/lib/server/boot/lifecycle";

claimProcess();
let uncaught = 0;
// The framework's server logs what nobody catches.
process.on("uncaughtException", (cause) => {
  uncaught += 1;
  if (uncaught < 1_000) console.error(cause);
});

let lines = 0;
process.send?.("started");
const timer = setInterval(() => {
  console.log(`line ${lines}`);
  lines += 1;
  if (lines < 200) return;
  clearInterval(timer);
  process.send?.({ lines, uncaught }, () => process.exit(0));
}, 2);
