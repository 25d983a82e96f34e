import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseUserId } from "@/lib/core/ledger/ids";
import { decodeJson, decodeMessage, parseBody } from "@/lib/core/signals/envelope";
import { UNDECODABLE_REASONS } from "@/lib/core/signals/signal";

const decode = (value: unknown) => decodeMessage(Buffer.from(JSON.stringify(value)));

describe("envelope", () => {
  it.each([
    [2, "CONTACT_REVOKE"],
    [4, "TRUST_REVOKE"],
    [5, "RECOGNITION_MINT"],
  ])("maps the numeric type %i to %s", (type, name) => {
    expect(decode({ hcs: "21", type, from: "a", payload: { target: "b" } })).toMatchObject({ value: { type: name } });
  });

  it.each([
    ["CONTACT_MIRROR", "CONTACT_ACCEPT"],
    ["contact_bonded", "CONTACT_ACCEPT"],
    ["Recognition_Issued", "RECOGNITION_MINT"],
  ])("folds the synonym %s into %s", (type, folded) => {
    expect(decode({ type, from: "a", to: "b" })).toMatchObject({ value: { type: folded } });
  });

  it("does not take a member of Object.prototype for a synonym or a schema", () => {
    expect(decode({ type: "constructor", actor: "a" })).toMatchObject({ value: { type: "CONSTRUCTOR" } });
    expect(decode({ schema: "constructor", actor: "a" })).toEqual({ ok: false, error: "unknown-type" });
  });

  it("gives trust a weight of one where none is said, and refuses one that is not above zero", () => {
    expect(decode({ type: "TRUST_ALLOCATE", actor: "a", target: "b" })).toMatchObject({ value: { weight: 1 } });
    for (const weight of [
      0,
      -1,
      "many",
      {},
      1e12,
      "0x10",
      "0b11",
      "1e3",
      "Infinity",
      "-1",
      "",
      " ",
      "1_0",
      "9".repeat(40),
    ]) {
      expect(decode({ type: "TRUST_ALLOCATE", actor: "a", target: "b", weight })).toEqual({
        ok: false,
        error: "bad-weight",
      });
    }
  });

  it.each([
    [" 2 ", 2],
    ["0.5", 0.5],
    ["007", 7],
  ])("reads the weight %j, which a sender wrote as text, as %d", (weight, value) => {
    expect(decode({ type: "TRUST_ALLOCATE", actor: "a", target: "b", weight })).toMatchObject({
      value: { weight: value },
    });
  });

  it.each([
    ["21", 3],
    ["21", "3"],
    [21, 3],
    [21, "3"],
  ])("takes hcs %j and type %j for the same numeric envelope", (hcs, type) => {
    expect(decode({ hcs, type, from: "a", to: "x", payload: { target: "b" } })).toMatchObject({
      value: { type: "TRUST_ALLOCATE", actor: "a", target: "b", weight: 1 },
    });
  });

  it("takes digits for a name if the envelope is not numeric", () => {
    expect(decode({ type: "3", from: "a", to: "b" })).toMatchObject({ value: { type: "3" } });
    expect(decode({ hcs: 21, type: "9".repeat(30), from: "a" })).toEqual({ ok: false, error: "bad-type" });
  });

  it("reads a body behind a byte order mark like the same body without one", () => {
    const body = { kind: "RECOGNITION_DEFINITION", id: "kind", title: "Kind" };
    const marked = Buffer.from(`\ufeff${JSON.stringify(body)}`);
    expect(parseBody(marked)).toEqual({ ok: true, value: body });
    expect(decodeMessage(marked)).toEqual(decode(body));
    expect(parseBody(Buffer.from("\ufeff\ufeff{}"))).toEqual({ ok: false, error: "not-json" });
    expect(parseBody(Buffer.from("{}", "utf16le"))).toEqual({ ok: false, error: "not-json" });
    expect(parseBody(Buffer.from("\ufeff{}", "utf16le"))).toEqual({ ok: false, error: "not-utf8" });
  });

  it("reads the target of a numeric envelope from its payload first", () => {
    const value = { hcs: "21", type: 0, from: "a", to: "x", payload: { target: "b" } };
    expect(decode(value)).toMatchObject({ value: { actor: "a", target: "b" } });
  });

  it("takes names from the party objects and from the payload", () => {
    const accept = {
      type: "CONTACT_ACCEPT",
      from: { acct: "0.0.1", handle: "One", hrl: "hrl:1" },
      to: { acct: "0.0.2", handle: "Two" },
    };
    expect(decode(accept)).toMatchObject({
      value: { actorParty: { handle: "One", hrl: "hrl:1" }, targetParty: { handle: "Two", hrl: null } },
    });
    const request = { hcs: "21", type: 0, from: "a", payload: { target: "b", handle: "A\u202ebc\u0000" } };
    expect(decode(request)).toMatchObject({ value: { actorParty: { handle: "A bc" } } });
  });

  it("lets people mint for themselves but not befriend or trust themselves", () => {
    expect(decode({ type: "RECOGNITION_MINT", actor: "a", owner: "a", recognitionId: "x" })).toMatchObject({
      ok: true,
    });
    expect(decode({ type: "TRUST_ALLOCATE", actor: "a", target: "a" })).toEqual({ ok: false, error: "self-target" });
  });

  it("refuses JSON that nests deeper than any form does", () => {
    const deep = `{"type":"X","actor":"a","m":${"[".repeat(9_000)}${"]".repeat(9_000)}}`;
    expect(decodeMessage(Buffer.from(deep))).toEqual({ ok: false, error: "too-deep" });
  });

  it.each(["a b", "a\u0000", "\ud800", "a\u202eb", ""])("refuses %j as an id", (id) => {
    expect(parseUserId(id)).toBeNull();
  });

  it("answers every byte string with a signal or a known reason, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const [body, result] = [parseBody(bytes), decodeMessage(bytes)];
        if (!body.ok) return !result.ok && result.error === body.error;
        return result.ok || UNDECODABLE_REASONS.includes(result.error);
      }),
    );
  });

  it("answers every JSON value with a well-formed signal or a known reason", () => {
    const id = fc.oneof(fc.constantFrom("tm-a", "0.0.5", ""), fc.string(), fc.anything());
    const shape = fc.record(
      {
        hcs: fc.constantFrom("21", 21, "20"),
        type: fc.oneof(fc.constantFrom("TRUST_ALLOCATE", "contact_request"), fc.integer(), fc.string(), fc.jsonValue()),
        kind: fc.string(),
        from: id,
        to: id,
        actor: id,
        payload: fc.jsonValue(),
        amount: fc.jsonValue(),
        owner: id,
        slug: fc.string(),
        title: fc.string(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), shape), (json) => {
        const result = decodeJson(json);
        if (!result.ok) return UNDECODABLE_REASONS.includes(result.error);
        const { type, actor, target } = result.value;
        expect(type).toBe(type.toUpperCase());
        for (const party of [actor, target]) if (party !== null) expect(parseUserId(party)).toBe(party);
      }),
    );
  });
});
