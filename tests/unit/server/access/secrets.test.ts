import { describe, expect, it } from "vitest";
import { secretsOf } from "@/lib/server/access/secrets";
import { SECRET_NAMES, VARIABLES, type Values } from "@/lib/server/config/variables";

/** Words in the names of variables whose values must stay out of logs. */
const SOUNDS_SECRET = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|HEADERS|PRIVATE|SIGNING|DSN/;

const withValues = (values: Partial<Record<keyof Values, string>>) => secretsOf(values as unknown as Values);

describe("the secrets of the environment", () => {
  it("are every variable whose name sounds like one", () => {
    const sounding = Object.keys(VARIABLES).filter((name) => SOUNDS_SECRET.test(name));
    expect(sounding.length).toBeGreaterThan(5);
    expect(sounding.filter((name) => !SECRET_NAMES.includes(name as keyof Values))).toEqual([]);
  });

  it.each(SECRET_NAMES)("are hidden from the log: %s", (name) => {
    expect(withValues({ [name]: "a-long-secret-of-this-test" })).toContain("a-long-secret-of-this-test");
  });

  it("are hidden one by one if a value contains several", () => {
    const secrets = withValues({
      SESSION_SECRET: "the-new-one, the-old-one",
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=sender-key=",
    });
    expect(secrets).toEqual(expect.arrayContaining(["the-new-one", "the-old-one", "sender-key="]));
  });

  it("leave out common words and variables that are not set", () => {
    expect(withValues({ ADMIN_TOKEN: "word" })).toEqual([]);
    expect(withValues({})).toEqual([]);
  });
});
