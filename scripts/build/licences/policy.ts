/** The licences that production packages may have, and the reason for each exception. */
import type { Package } from "./packages";

/** Licences that require only their notice. */
const ALLOWED: ReadonlySet<string> = new Set([
  "MIT",
  "ISC",
  "0BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "BlueOak-1.0.0",
]);

export interface Exception {
  readonly packages: RegExp;
  /** The additional licence that is accepted for these packages. */
  readonly licence: string;
  readonly reason: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    packages: /^@img\/sharp(-|$)/,
    licence: "LGPL-3.0-or-later",
    reason:
      "libvips, which Next installs for resizing images. Optional, unchanged, loaded as a library of its own, and never called: the app has no images to resize",
  },
  {
    packages: /^caniuse-lite$/,
    licence: "CC-BY-4.0",
    reason: "a table of browsers' abilities, data rather than code; Next reads it while it builds",
  },
];

/** The sentence that refuses a package. Null if its licence is accepted. An expression in brackets counts as one part. */
export function refusal({ name, version, licence }: Package): string | null {
  const exceptions = EXCEPTIONS.filter(({ packages }) => packages.test(name));
  const accepts = (id: string) => ALLOWED.has(id) || exceptions.some((exception) => exception.licence === id);
  if (licence === null)
    return exceptions.some((exception) => exception.licence === null)
      ? null
      : `${name}@${version} has no licence in the lock file`;
  const isAccepted = licence
    .replace(/^\((.*)\)$/, "$1")
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((id) => accepts(id.trim())));
  return isAccepted ? null : `${name}@${version} is under ${licence}, which nobody here has accepted`;
}
