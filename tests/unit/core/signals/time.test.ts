import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { msOfIso } from "@/lib/core/signals/forms/time";
import { inZone } from "../../../support/control/time-zone";

const ZONES = ["Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "UTC"];
const inAllZones = <T>(read: () => T) => ZONES.map((zone) => inZone(zone, read));
const ms = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe("a time in ISO 8601", () => {
  it("is the same in every zone of a server, and UTC where it names none", () => {
    fc.assert(
      fc.property(ms, fc.constantFrom("T", " "), (at, between) => {
        const text = new Date(at).toISOString().replace("T", between);
        for (const said of [text, text.replace("Z", "")])
          expect(inAllZones(() => msOfIso(said))).toEqual(ZONES.map(() => at));
      }),
    );
  });

  it("may be a day alone, and name another zone", () => {
    const day = Date.UTC(2026, 10, 27);
    expect(inAllZones(() => msOfIso("2026-11-27"))).toEqual(ZONES.map(() => day));
    expect(msOfIso("2026-11-27T10:00+02:00")).toBe(day + 8 * 3_600_000);
  });

  it("is no time where it is other text, whatever that is", () => {
    for (const text of ["", "soon", "Nov 27 2026 10:00", "2026-11-27T25:00", "2026-13-01", "2026-11-27T10:00 CET"])
      expect(msOfIso(text)).toBeNull();
  });

  it("is the same in every zone, or none, for any text that looks like one", () => {
    const like = fc.string({ unit: fc.constantFrom(..."0123456789-:.TZ+ "), maxLength: 25 });
    fc.assert(
      fc.property(
        fc.oneof(
          like,
          like.map((end) => `2026-11-27${end}`),
        ),
        (text) => {
          expect(new Set(inAllZones(() => msOfIso(text))).size).toBe(1);
        },
      ),
    );
  });
});
