/** The doctor looks at a mirror's gRPC server. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { examineDoorbell } from "@/lib/server/cli/doctor/doorbell";
import { readEnv } from "@/lib/server/config/env";
import { freePort } from "../../../support/servers/free-port";

let devnet: Devnet;
beforeAll(async () => {
  devnet = await startDevnet({ people: 4 });
});
afterAll(() => devnet.stop());

async function findings(env: Readonly<Record<string, string>>) {
  const found = [];
  for await (const each of examineDoorbell(readEnv(env))) found.push(each);
  return found;
}

describe("the doctor", () => {
  it("says that a mirror announces messages, if one of the topics has a message", async () => {
    const env = { MIRROR_GRPC: devnet.mirrorGrpcAddress, TOPIC_CONTACT: `0.0.987654,${devnet.topics.contact}` };
    expect(await findings(env)).toEqual([
      { what: "doorbell", ok: true, sentence: `Mirror ${devnet.mirrorGrpcAddress} tells when topics move.` },
    ]);
  });

  it("names a mirror that cannot be reached, and what to do", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    expect(await findings({ MIRROR_GRPC: `http://${address}`, TOPIC_CONTACT: devnet.topics.contact })).toEqual([
      {
        what: "doorbell",
        ok: false,
        sentence: `Mirror ${address} tells nothing of any topic (the mirror cannot be reached by gRPC), so open pages poll. Check MIRROR_GRPC, or remove it.`,
      },
    ]);
  });

  it("says nothing if no such mirror is configured", async () => {
    expect(await findings({ TOPIC_CONTACT: devnet.topics.contact })).toEqual([]);
  });
});
