/** Operators' commands whose database is not there. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { freePort } from "@/tests/support/servers/free-port";

it.each(["pack", "accounts list"])(
  "`npm run %s` says in a sentence that the database does not answer, and ends with status 1",
  async (words) => {
    const [name, ...args] = words.split(" ");
    const program = ["--conditions=react-server", "--import", "tsx", `scripts/operator/${name}.ts`, ...args];
    const env = {
      ...{ PATH: process.env.PATH, HEDERA_NETWORK: "devnet", NODE_ENV: "production" as const },
      DATABASE_URL: `postgres://nobody@127.0.0.1:${await freePort()}/nowhere`,
    };
    const { status, stderr } = spawnSync(process.execPath, program, { env, encoding: "utf8" });
    expect([status, stderr]).toEqual([
      1,
      "The database does not answer (the connection was refused: nothing listens there). npm run doctor says what to do.\n",
    ]);
  },
  60_000,
);
