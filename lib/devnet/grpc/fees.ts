/** Fees of transactions (docs/hedera.md §3), at an exchange rate that never moves. */
import type { proto } from "@hiero-ledger/proto";
import { int64 } from "./wire";

const CENTS_PER_HBAR = 12;
const TINYBARS_PER_HBAR = 100_000_000;
const FREE_BYTES = 100;

const tinybars = (dollars: number): number => Math.ceil(((dollars * 100) / CENTS_PER_HBAR) * TINYBARS_PER_HBAR);

export const TOPIC_CREATE_TINYBARS = tinybars(0.01);
export const ACCOUNT_CREATE_TINYBARS = tinybars(0.05);
export const QUERY_TINYBARS = tinybars(0.0001);

/** The fee of a message in tinybars. Its first 100 bytes are part of the base price. */
export function submitTinybars(messageBytes: number): number {
  return tinybars(0.0008 + 0.00000068 * Math.max(0, messageBytes - FREE_BYTES));
}

export const EXCHANGE_RATE: proto.IExchangeRateSet = {
  currentRate: { hbarEquiv: 1, centEquiv: CENTS_PER_HBAR, expirationTime: { seconds: int64(4_102_444_800) } },
  nextRate: { hbarEquiv: 1, centEquiv: CENTS_PER_HBAR, expirationTime: { seconds: int64(4_102_448_400) } },
};
