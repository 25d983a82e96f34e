import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ApiRequest, perHead, urlOf } from "@/lib/server/http/api-request";

const requestWith = (headers: ApiRequest["headers"], url: string, method = "GET"): ApiRequest => ({
  ...{ method, url, headers, body: null },
});

describe("a value per head", () => {
  it("is made once for requests that share their headers, and again for another method, URL or headers", () => {
    const made: string[] = [];
    const make = perHead(({ method, url }) => {
      made.push(`${method} ${url}`);
      return { url };
    });
    const headers = new Headers();
    const first = make(requestWith(headers, "/a"));
    expect(make(requestWith(headers, "/a"))).toBe(first);
    make(requestWith(headers, "/b"));
    make(requestWith(headers, "/b", "HEAD"));
    make(requestWith(new Headers(), "/b", "HEAD"));
    expect(made).toEqual(["GET /a", "GET /b", "HEAD /b", "HEAD /b"]);
  });

  it("is tried again after a failure", () => {
    let tries = 0;
    const make = perHead(() => {
      tries += 1;
      if (tries === 1) throw new RangeError("once");
      return tries;
    });
    const request = requestWith(new Headers(), "/");
    expect(() => make(request)).toThrow(RangeError);
    expect([make(request), make(request)]).toEqual([2, 2]);
  });

  it("gives each request its own URL, in whatever order requests come and whatever headers they share", () => {
    const shared = [new Headers(), new Headers()] as const;
    const asked = fc.record({ which: fc.nat(1), path: fc.webPath(), query: fc.webQueryParameters() });
    fc.assert(
      fc.property(fc.array(asked), (list) => {
        for (const { which, path, query } of list) {
          const url = `/x${path}?${query}`;
          const { href } = urlOf(requestWith(shared[which] as Headers, url));
          expect(href).toBe(new URL(url, "http://localhost").href);
        }
      }),
    );
  });
});
