/** Words for figures. All functions are pure. An unknown figure is a dash, never a zero. */

export { counted } from "@/lib/core/counted";

export const UNKNOWN = "–";

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** `1,234,567` */
export const whole = (value: number | null): string => (value === null ? UNKNOWN : WHOLE.format(value));

/** Three digits: `12`, `1.23K`, `45.6M` */
export const compact = (value: number | null): string => (value === null ? UNKNOWN : COMPACT.format(value));

/** `93 %`, or `99.95 %` if rounding would say that nothing is missing. */
export function percent(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return UNKNOWN;
  const digits = share > 0.99 && share < 1 ? 2 : share > 0 && share < 0.1 ? 1 : 0;
  // Rounds down, so that a part never shows as all of it.
  const value = Math.floor(share * 100 * 10 ** digits + 1e-9) / 10 ** digits;
  return share > 0 && value === 0 ? "under 0.1 %" : `${value} %`;
}

const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** Decimal units, three digits: `528 B`, `1.5 MB` */
export function bytes(value: number | null): string {
  if (value === null) return UNKNOWN;
  const rounded = Number(value.toPrecision(3));
  const power = Math.min(Math.floor(Math.log10(Math.max(rounded, 1)) / 3), BYTE_UNITS.length - 1);
  return `${(rounded / 1_000 ** power).toLocaleString("en")} ${BYTE_UNITS[power]}`;
}

/** `0.05 ms`, `120 ms`, `2.5 s`, `4 min`, `3 h`, `2 days` */
export function durationText(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  const rounded = ms < 10 ? Number(ms.toPrecision(2)) : Math.round(ms);
  if (rounded < 1_000) return `${rounded} ms`;
  if (ms < 10_000) return `${Math.round(ms / 100) / 10} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** `just now` within a second, then `2.5 s ago`, `4 min ago`. A time in the future, by another clock, is `just now`. */
export const ago = (ms: number): string => (ms < 1_000 ? "just now" : `${durationText(ms)} ago`);

/** Shows cents if they matter: `$0.0004`, `$1.20`, `$42,000`. Less than a hundredth of a cent is `under $0.0001`. */
export function dollars(value: number | null): string {
  if (value === null) return UNKNOWN;
  if (value === 0) return "$0";
  if (value < 0.0001) return "under $0.0001";
  if (value < 0.01) return `$${Number(value.toPrecision(2))}`;
  if (value < 100 && !Number.isInteger(value)) return `$${value.toFixed(2)}`;
  return `$${WHOLE.format(Number(value.toPrecision(3)))}`;
}

/** `$1,313`: what the capacity model says, to the dollar, as its command prints it. */
export const wholeDollars = (value: number): string => `$${WHOLE.format(value)}`;

/** `0.4`, `12`, `1,250`: a rate, whatever its unit. */
export function rate(value: number | null): string {
  if (value === null) return UNKNOWN;
  return value < 10 ? `${Math.round(value * 10) / 10}` : WHOLE.format(value);
}
