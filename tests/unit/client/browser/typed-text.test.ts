/** Text that would be lost when another page takes the place of this one. */
import { expect, it } from "vitest";
import { hasText } from "@/lib/client/browser/typed-text";

const field = (value: string, type = "text", isConnected = true) => ({ isConnected, value, type });

it("is there while a field that somebody typed in is shown and has text", () => {
  expect(hasText(field("Ann"))).toBe(true);
  expect(hasText(field("Some words", "textarea"))).toBe(true);
  expect(hasText(field(" "))).toBe(false);
  expect(hasText(field("", "textarea"))).toBe(false);
  expect(hasText(field("Ann", "text", false))).toBe(false);
});

it.each([
  ["a choice", field("on", "checkbox")],
  ["one of two choices", field("yes", "radio")],
  ["a slider", field("5", "range")],
  ["a list", field("tm-b", "select-one")],
  ["the page itself", { isConnected: true }],
  ["nothing", null],
])("is not what somebody did with %s", (_, target) => {
  expect(hasText(target)).toBe(false);
});
