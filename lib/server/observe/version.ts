import "server-only";
/** Of package.json, which is not imported since a bundle would carry all of it; tests/unit/repository/version.test.ts holds them together. */
export const VERSION = "0.1.0";
