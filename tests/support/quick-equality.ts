/**
 * Lets Node compare bytes for `toEqual` and its relatives. Vitest compares them one by one through their iterator: everything that
 * a store tells of a topic takes it 4 s. Vitest alone compares everything else. Node would be quicker there too, but it calls two
 * values equal that keep what they hold out of its sight, as Headers and classes with private fields do.
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
