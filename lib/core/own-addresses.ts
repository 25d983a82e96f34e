/**
 * The pages and files that stay ours while another deployment's pages are served on this origin (`UI_ORIGIN`). The API is not
 * listed here: the route table says what it has.
 */

/** The first segment of our build's files, so that they never have the address of another build's files (next.config.mjs). */
export const BUILD_PREFIX = "trustmesh-edge";

/** Operators' pages, and the page for signing in, from which the session comes. */
const OWN_PAGES: readonly string[] = ["admin", "sign-in", BUILD_PREFIX];

/**
 * Files that our own pages load. `robots.txt` and `manifest.webmanifest` are left out: they describe the whole site, which is
 * then the other deployment's.
 */
export const OWN_FILES: readonly string[] = [
  "apple-icon.png",
  "icon-192.png",
  "icon-512.png",
  "icon-maskable-512.png",
  "icon.svg",
  "social.png",
  "wallet-connector.js",
];

/**
 * Whether the page or file with these decoded segments stays ours.
 *
 * @example isOwnAddress(["admin", "topics"]) === true
 */
export const isOwnAddress = ([first = "", ...more]: readonly string[]): boolean =>
  OWN_PAGES.includes(first) || (more.length === 0 && OWN_FILES.includes(first));
