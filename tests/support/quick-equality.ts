/**
 * Lets Node compare bytes for `toEqual` and its relatives. Vitest compares them one by one through their iterator, which takes 4 s
 * for everything that a store tells of a topic. Vitest compares everything else itself: Node does not see private state, so
 * different Headers are equal to it.
 */
import { expect } from "vitest";

const ADDED = Symbol.for("trustmesh.quick-equality");
const shared = globalThis as { [ADDED]?: true };

/** Undefined if the values are not bytes of one class: then Vitest decides. */
function areSameBytes(a: unknown, b: unknown): boolean | undefined {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return undefined;
  return Object.getPrototypeOf(a) === Object.getPrototypeOf(b) ? Buffer.compare(a, b) === 0 : undefined;
}

// Vitest runs this file before each test file, and the test files of a worker share `expect`.
if (!shared[ADDED]) {
  shared[ADDED] = true;
  expect.addEqualityTesters([areSameBytes]);
}
