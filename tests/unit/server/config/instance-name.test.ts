import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instanceDetails, instanceName, isIdle } from "@/lib/client/admin/instances";
import { instancePlace } from "@/lib/server/config/instance-name";
import { InstancePlace } from "@/lib/wire/operators/instance-report";

const ID = "4f21c0de-1111-4222-8333-444455556666";
const nameOf = (source: Record<string, string>, hostname = "web-1", port = 3000) =>
  instanceName({ instanceId: ID, place: instancePlace(source, hostname, port) });

describe("the name of an instance", () => {
  it.each([
    ["a host with its port", {}, "web-1:3000"],
    ["a function of Vercel", { VERCEL: "1", VERCEL_REGION: "iad1" }, "iad1 function 4f21c0de"],
    ["a function of AWS", { AWS_LAMBDA_FUNCTION_NAME: "f", AWS_REGION: "eu-west-1" }, "eu-west-1 function 4f21c0de"],
    ["a machine of Fly", { FLY_REGION: "fra", FLY_MACHINE_ID: "148e21" }, "fra 148e21 4f21c0de"],
    ["blank variables", { FLY_REGION: " ", FLY_MACHINE_ID: "" }, "web-1:3000"],
  ])("tells where it runs: %s", (_, source, name) => {
    expect(nameOf(source as Record<string, string>)).toBe(name);
  });

  it("is a part of its id if the instance is of an older release", () => {
    expect(instanceName({ instanceId: ID, place: null })).toBe("4f21c0de");
  });

  it("comes with the deployment and the version", () => {
    const place = instancePlace({ VERCEL_DEPLOYMENT_ID: "dpl_8f2k" }, "web-1", 3000);
    expect(instanceDetails({ instanceId: ID, place, version: "0.1.0" })).toBe(
      "deployment dpl_8f2k, version 0.1.0, id 4f21c0de",
    );
  });

  it("contains no other variable, and is bounded", () => {
    const secret = fc.string({ minLength: 6, maxLength: 300, unit: "grapheme-ascii" }).map((text) => `s3cret-${text}`);
    const names = fc.constantFrom(
      "ADMIN_TOKEN",
      "HEDERA_OPERATOR_KEY",
      "VERCEL_OIDC_TOKEN",
      "FLY_API_TOKEN",
      "AWS_SECRET_ACCESS_KEY",
    );
    fc.assert(
      fc.property(fc.dictionary(names, secret), fc.string({ maxLength: 400 }), (source, hostname) => {
        const place = instancePlace(source, hostname, 3000);
        expect(InstancePlace.parse(place)).toEqual(place);
        expect(JSON.stringify(place)).not.toContain("s3cret");
      }),
    );
  });
});

it("an instance is idle when it is silent for longer than a busy one would be", () => {
  expect([isIdle({ reportedMs: 0 }, 25_000), isIdle({ reportedMs: 0 }, 25_001)]).toEqual([false, true]);
});
