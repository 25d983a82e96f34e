import { expect, it } from "vitest";

const bytes = (last: number) => ({ pages: [{ message: Uint8Array.of(1, 2, last) }] });

it("finds unequal what differs in one byte, one key, one sign or one class", () => {
  expect(bytes(3)).toEqual(bytes(3));
  expect(bytes(3)).not.toEqual(bytes(4));
  expect({ a: 1 }).not.toEqual({ a: 1, b: 2 });
  expect({ a: 0 }).not.toEqual({ a: -0 });
  expect(new Map([["a", bytes(3)]])).not.toEqual(new Map([["a", bytes(4)]]));
  expect({ a: undefined }).not.toStrictEqual({});
});

it("finds unequal what Node calls equal because it does not look inside", () => {
  expect({ headers: new Headers({ etag: "1" }) }).not.toEqual({ headers: new Headers({ etag: "2" }) });
  expect({ query: new URLSearchParams("a=1") }).not.toEqual({ query: new URLSearchParams("a=2") });
});

it("leaves to Vitest what only Vitest calls equal", () => {
  expect({ a: undefined }).toEqual({});
  expect(bytes(3)).toEqual({ pages: [{ message: expect.any(Uint8Array) }] });
  expect({ ...bytes(3), more: 1 }).toMatchObject(bytes(3));
});

it("compares a megabyte without going through it byte by byte", () => {
  let steps = 0;
  class Counted extends Uint8Array {
    override *[Symbol.iterator]() {
      for (let i = 0; i < this.length; i++) {
        steps += 1;
        yield this[i] as number;
      }
      return undefined;
    }
  }
  expect({ message: new Counted(1_000_000) }).toEqual({ message: new Counted(1_000_000) });
  expect(steps).toBe(0);
});
