import { describe, expect, it } from "vitest";
import { parseGrpcAddress } from "@/lib/adapters/mirror-grpc/address";

describe("a mirror's gRPC address", () => {
  it.each([
    ["testnet.mirrornode.hedera.com:443", "testnet.mirrornode.hedera.com:443", true],
    ["10.0.0.7:50212", "10.0.0.7:50212", true],
    ["mirror:5600", "mirror:5600", false],
    ["https://mirror:5600", "mirror:5600", true],
    ["http://mirror.internal:443/", "mirror.internal:443", false],
    ["[::1]:5600", "[::1]:5600", false],
  ])("%s uses TLS by its scheme, or by its port as the SDK does", (text, target, isTls) => {
    expect(parseGrpcAddress(text)).toEqual({ ok: true, value: { target, isTls } });
  });

  it.each([
    "mirror",
    "mirror:",
    "mirror:0",
    "mirror:65536",
    "grpc://mirror:1",
    "user:secret@mirror:1",
    "mirror:1/path",
    "",
  ])("%j is refused, without a part of it in the sentence", (text) => {
    expect(parseGrpcAddress(text)).toEqual({
      ok: false,
      error: "must be host:port, https://host:port for TLS, or http://host:port without it",
    });
  });
});
