import "server-only";
/**
 * The version in package.json. Importing that file would bundle all of it; tests/unit/repository/deployment/version.test.ts compares the
 * two.
 */
export const VERSION = "0.1.0";
