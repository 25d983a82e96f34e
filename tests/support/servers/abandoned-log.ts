/** A process that logs 200 lines as the server does, to a parent that stops reading. It then reports its uncaught errors. */
import { claimProcess } from "@/lib/server/boot/lifecycle";

claimProcess();
let uncaught = 0;
// Next's server logs uncaught errors in the same way.
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
