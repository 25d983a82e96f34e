import fc from "fast-check";
import { unstable_serialize } from "swr/infinite";
import { describe, expect, it } from "vitest";
import { cacheKey, isList, isProfiles, isView, KEYS, pathOfKey } from "@/lib/client/api/keys";
import { RECOGNITION_LIST } from "@/lib/client/api/views/lists";
import { pageKeys } from "@/lib/client/api/views/pages";
import { recognitionPath, signalsPath } from "@/lib/client/api/views/reads";
import { SignalsQuery } from "@/lib/wire/requests";

const text = fc.string({ minLength: 1, maxLength: 20 });

describe("the path of a page of signals", () => {
  it("carries types, cursor and limit unchanged, whatever they contain", () => {
    fc.assert(
      fc.property(
        fc.array(text),
        fc.option(text),
        fc.option(fc.integer({ min: 1, max: 100 })),
        (types, cursor, limit) => {
          const path = signalsPath({ types, cursor, ...(limit === null ? {} : { limit }) });
          const query = new URL(path, "http://x").searchParams;
          expect(query.getAll("type")).toEqual(types.map((each) => each.toWellFormed()));
          expect(query.get("cursor")).toBe(cursor?.toWellFormed() ?? null);
          expect(query.get("limit")).toBe(limit === null ? null : String(limit));
        },
      ),
    );
  });

  it("has no query for the first page of all types, which the server keeps ready", () => {
    expect(signalsPath({})).toBe("/api/signals");
    expect(signalsPath({ types: [], cursor: null })).toBe("/api/signals");
  });

  it("is one that the server accepts", () => {
    const query = new URL(signalsPath({ types: ["TRUST_ALLOCATE"], limit: 100, cursor: "c" }), "http://x").searchParams;
    const told = { ...Object.fromEntries(query), type: query.getAll("type") };
    expect(SignalsQuery.parse(told)).toEqual({ type: ["TRUST_ALLOCATE"], limit: 100, cursor: "c" });
  });
});

describe("the keys of a list's pages", () => {
  const keys = pageKeys(recognitionPath);

  it("follow the cursors to the end, and no further", () => {
    fc.assert(
      fc.property(fc.array(text), (cursors) => {
        const pages = [...cursors, null].map((nextCursor) => ({ nextCursor }));
        const asked = pages.map((_, index) => keys(index, pages[index - 1] ?? null));
        expect(asked).toEqual([null, ...cursors].map((cursor) => cacheKey(recognitionPath(cursor))));
        expect(keys(pages.length, pages.at(-1) ?? null)).toBeNull();
      }),
    );
  });

  it("name the paths that are read", () => {
    expect(pathOfKey(keys(0, null) as string)).toBe("/api/recognition");
    expect(pathOfKey(keys(1, { nextCursor: "a&b" }) as string)).toBe("/api/recognition?cursor=a%26b");
  });
});

describe("keys in the cache of an application", () => {
  it("tell views of this client from all others", () => {
    for (const key of [KEYS.contacts, KEYS.circle, KEYS.recognition, cacheKey(signalsPath({ cursor: "c" }))]) {
      expect(isView(key), key).toBe(true);
    }
    expect(isView([KEYS.profiles, "a,b"])).toBe(true);
    expect(isProfiles([KEYS.profiles, "a,b"])).toBe(true);
    for (const key of [KEYS.session, "/api/contacts", ["/api/profiles", "a"], null, undefined, 7, {}, []]) {
      expect(isView(key), String(key)).toBe(false);
      expect(isProfiles(key)).toBe(false);
    }
  });

  it("of whole lists are the keys that SWR uses", () => {
    expect(isList(RECOGNITION_LIST)).toBe(true);
    expect(isList(unstable_serialize(pageKeys((cursor) => signalsPath({ types: ["A"], cursor }))))).toBe(true);
    expect(isList(unstable_serialize(() => "/api/signals"))).toBe(false);
    expect(isList(KEYS.recognition)).toBe(false);
  });
});
