/** Dollars a month, line by line. Without users, everything that is billed by use costs nothing. */

import { MONTH_S } from "./inputs";
import type { CostLine, CostPart, Needs } from "./outputs";
import { type PriceName, usdOf, VENDOR_LIMITS } from "./prices";
import { awsCosts } from "./set-ups/aws";
import { vercelCosts } from "./set-ups/vercel";

/** Dollars a month by part: the network fees of the ledger, the mirror, and what the set-up bills. */
export function costLines(needs: Needs): readonly CostLine[] {
  return [
    ...ledgerCosts(needs.mean.ledger),
    ...mirrorCosts(needs.mean.mirror.requests, needs.peak.mirror.requests),
    ...(needs.inputs.setUp === "aws" ? awsCosts(needs) : vercelCosts(needs)),
  ];
}

/** The sum of all lines, or of those of one part. */
export const total = (lines: readonly CostLine[], part?: CostPart): number =>
  lines.reduce((sum, line) => sum + (part === undefined || line.part === part ? line.usd : 0), 0);

/** The cost of running this, without the ledger's fees. */
export const withoutLedger = (lines: readonly CostLine[]): number => total(lines) - total(lines, "ledger");

const ledgerCosts = ({ messages, bytes }: Needs["mean"]["ledger"]) =>
  hcsCosts(messages * MONTH_S, messages === 0 ? 0 : bytes / messages);

const PRICED_BYTES = 100;

/** The ledger's fees for messages of `bytes` bytes each, and for a query of each one's record (docs/hedera.md §3). */
export function hcsCosts(messages: number, bytes: number): readonly CostLine[] {
  const line = (what: string, price: PriceName, amount: number): CostLine => ({
    ...{ part: "ledger", what, price },
    usd: usdOf(price, amount),
  });
  return [
    line("messages", "hcsMessage", messages),
    line("their bytes over 100", "hcsByteOver100", messages * Math.max(0, bytes - PRICED_BYTES)),
    line("queries of their records", "hcsRecord", messages),
  ];
}

/** The public mirror is free up to its limit. A deployment that needs more at the peak pays for every call. */
export function mirrorCosts(requestsPerS: number, peakRequestsPerS: number): CostLine[] {
  const isFree = peakRequestsPerS <= VENDOR_LIMITS.publicMirrorRequestsPerS.value;
  const usd = isFree ? 0 : usdOf("mirrorCall", requestsPerS * MONTH_S);
  return [{ part: "mirror", what: isFree ? "calls (public mirror)" : "calls", usd, price: "mirrorCall" }];
}
