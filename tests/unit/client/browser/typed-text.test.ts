/** Text that would be lost when another page takes the place of this one. */
import { expect, it } from "vitest";
import { TypedText } from "@/lib/client/browser/typed-text";

const field = (value: string, type = "text") => ({ isConnected: true, value, type });

it("is there while a field that somebody typed in is shown and has text", () => {
  const typed = new TypedText();
  const [name, about] = [field("Ann"), field("", "textarea")];
  expect(typed.isThere()).toBe(false);
  typed.note(about);
  expect(typed.isThere()).toBe(false);
  about.value = "Some words";
  typed.note(name);
  expect(typed.isThere()).toBe(true);
  about.value = " ";
  name.isConnected = false;
  expect(typed.isThere()).toBe(false);
});

it.each([
  ["a choice", field("on", "checkbox")],
  ["a slider", field("5", "range")],
  ["a list", field("tm-b", "select-one")],
  ["the page itself", { isConnected: true }],
  ["nothing", null],
])("is not what somebody did with %s", (_, target) => {
  const typed = new TypedText();
  typed.note(target);
  expect(typed.isThere()).toBe(false);
});
