/** The address of a mirror's gRPC server as an operator writes it: `host:port`, or a URL that says whether TLS is used. */
import { err, ok, type Result } from "../../core/result";

export interface GrpcAddress {
  /** `host:port`. */
  readonly target: string;
  readonly isTls: boolean;
}

/** The SDK uses TLS on these ports and on no other (docs/hedera.md §7). */
const TLS_PORTS = new Set(["443", "50212"]);
const FORM = /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})\/?$/i;

/** Takes an address apart. The error completes "VARIABLE …" and holds no part of the address. */
export function parseGrpcAddress(text: string): Result<GrpcAddress, string> {
  const [, scheme, host, port] = FORM.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) < 1 || Number(port) > 65_535)
    return err("must be host:port, https://host:port for TLS, or http://host:port without it");
  const isTls = scheme === undefined ? TLS_PORTS.has(port) : scheme.toLowerCase() === "https";
  return ok({ target: `${host}:${port}`, isTls });
}
