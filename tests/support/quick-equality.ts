/**
 * Asks Node whether two values are equal before `toEqual` and its relatives compare them. Vitest compares bytes one by one through
 * their iterator: everything that a store tells of a topic takes it 4 s, and Node 25 ms. Node's rules are the stricter ones, so
 * what is equal for Node is equal for Vitest. Vitest alone decides about everything else.
 */
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";

const ADDED = Symbol.for("trustmesh.quick-equality");
const shared = globalThis as { [ADDED]?: true };

// Vitest runs this file before each test file, and the test files of a worker share `expect`.
if (!shared[ADDED]) {
  shared[ADDED] = true;
  expect.addEqualityTesters([
    (a, b) => (typeof a === "object" && a !== null && isDeepStrictEqual(a, b) ? true : undefined),
  ]);
}
