/** `npm run env:example`: writes .env.example from the configuration's schema. */
import { writeFileSync } from "node:fs";
import { envExample } from "@/lib/server/env";

writeFileSync(".env.example", envExample());
