import "server-only";
/** The version in package.json. An import would put all of it into the bundle; tests/unit/repository/version.test.ts compares them. */
export const VERSION = "0.1.0";
