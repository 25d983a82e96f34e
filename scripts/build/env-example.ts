/** `npm run env:example`: writes .env.example from the configuration's schema. */
import { writeFileSync } from "node:fs";
import { envExample } from "@/lib/server/config/env";
import { command } from "../command";

const USAGE = `npm run env:example
  Writes .env.example out of the variables in lib/server/config/env.ts.`;

void command({ usage: USAGE }, () => {
  writeFileSync(".env.example", envExample());
  console.log("Wrote .env.example.");
});
