/** The devnet is a process of its own: the network that was opened knows when it has ended. */
import { expect, it } from "vitest";
import { developmentKey, OPERATOR_ID } from "@/lib/devnet/development-keys";
import type { SpawnOptions } from "@/lib/devnet/spawn";
import { readEnv } from "@/lib/server/config/env";
import { openNetwork } from "@/lib/server/config/network";
import { topic } from "../../../support/worlds/histories/batches";

it("the network says why its devnet has ended, whatever the exit code", async () => {
  for (const reason of ["it was ended by SIGKILL", "it exited with code 0"]) {
    let onExit: SpawnOptions["onExit"];
    const spawn = async (options: SpawnOptions) => {
      onExit = options.onExit;
      return {
        ...{ pid: 1, restUrl: "http://127.0.0.1:1", nodeAddress: "127.0.0.1:2", mirrorGrpcAddress: "" },
        ...{ ledgerId: "devnet-1", people: [], stop: async () => {} },
        ...{ operatorId: OPERATOR_ID, operatorKey: developmentKey("operator").privateDer },
        topics: {
          contact: topic("0.0.1"),
          trust: topic("0.0.2"),
          recognition: topic("0.0.3"),
          profile: topic("0.0.4"),
        },
      };
    };
    const lines: string[] = [];
    const line = (text: string) => void lines.push(text);
    const network = await openNetwork(readEnv({}), { info: () => {}, warn: line, error: line }, { spawn });
    expect(network.ended?.()).toBeNull();
    onExit?.(reason);
    expect(network.ended?.()).toBe(reason);
    // The judgement of health makes it an incident.
    expect(lines).toEqual([]);
    await network.close();
  }
});
