import { parseCookie } from "cookie";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SOCKET_HEADER } from "@/lib/server/access/client-address";
import { answerHeaders, hasPassed, requestHeaders } from "@/lib/server/ui-origin/headers";

const ORIGIN = "https://ui.example";
const SESSIONS = ["tm_session", "__Host-tm_session"];
const cookieSent = (cookie: string) => requestHeaders({ cookie }, ORIGIN).cookie;
const answered = (...pairs: readonly (readonly [string, string])[]) => answerHeaders(pairs.flat(), ORIGIN);
const AS_IT_IS = { decode: (value: string) => value };

describe("the headers of a request that is passed on", () => {
  it("name the other deployment's host, and the client", () => {
    const given = { host: "app.example", "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https" };
    expect(requestHeaders({ ...given, [SOCKET_HEADER]: "10.0.0.1" }, "https://ui.example:8443")).toEqual({
      host: "ui.example:8443",
      "x-forwarded-host": "app.example",
      "x-forwarded-for": "203.0.113.7, 10.0.0.1",
      "x-forwarded-proto": "https",
      "cdn-loop": "trustmesh-edge",
    });
    const direct = requestHeaders({ host: "app.example", [SOCKET_HEADER]: "203.0.113.7" }, ORIGIN);
    expect(direct).toMatchObject({ "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "http" });
    // The framework has added the socket's address itself.
    const added = { "x-forwarded-for": "203.0.113.7", [SOCKET_HEADER]: "203.0.113.7" };
    expect(requestHeaders(added, ORIGIN)["x-forwarded-for"]).toBe("203.0.113.7");
  });

  it("keep the other deployment's credentials, and leave out headers of one connection or of this platform", () => {
    const theirs = {
      authorization: "Bearer theirs",
      "x-requested-with": "XMLHttpRequest",
      rsc: "1",
      origin: "https://a",
    };
    const ofThisHop = {
      ...{ connection: "keep-alive, X-Of-This-Hop", "x-of-this-hop": "1", "keep-alive": "timeout=5", te: "trailers" },
      ...{ "transfer-encoding": "chunked", upgrade: "h2c", expect: "100-continue", "proxy-authorization": "Basic a" },
      ...{ "x-vercel-oidc-token": "secret", "x-middleware-invoke": "1" },
    };
    const sent = requestHeaders({ ...theirs, ...ofThisHop }, ORIGIN);
    expect(sent).toMatchObject(theirs);
    for (const name of Object.keys(ofThisHop)) expect(Object.keys(sent)).not.toContain(name);
  });

  it("hold no session of ours, and every other cookie as it was written", () => {
    expect(cookieSent("tm_session=a")).toBeUndefined();
    expect(cookieSent("a=1; tm_session=x; b=2")).toBe("a=1; b=2");
    expect(cookieSent("tm_session=x; a=1;__Host-tm_session=y")).toBe("a=1");
    expect(cookieSent('a="1, 2"; tm_session2=z; TM_SESSION=w')).toBe('a="1, 2"; tm_session2=z; TM_SESSION=w');
  });

  it("hold no session in any Cookie header, even one that only our own parser finds", () => {
    const name = fc.oneof(
      fc.constantFrom(...SESSIONS, " tm_session", "tm_session\t", "other"),
      fc.string({ maxLength: 5 }),
    );
    const pair = fc.tuple(name, fc.string({ maxLength: 8 })).map(([key, value]) => `${key}=${value}`);
    // The parser finds nothing in a header of one character, such as the "=" that is left of "=; tm_session=".
    const header = fc
      .array(fc.oneof(pair, fc.string({ maxLength: 8 })))
      .map((pairs) => [...pairs, "last=1"].join("; "));
    fc.assert(
      fc.property(header, (cookie) => {
        const { ...expected } = parseCookie(cookie, AS_IT_IS);
        for (const session of SESSIONS) delete expected[session];
        expect({ ...parseCookie(String(cookieSent(cookie) ?? ""), AS_IT_IS) }).toEqual(expected);
      }),
    );
  });

  it("count the servers on the way, so that a loop is detected", () => {
    const once = requestHeaders({ "cdn-loop": "other-cdn; a=b" }, ORIGIN);
    expect(once["cdn-loop"]).toBe("other-cdn; a=b, trustmesh-edge");
    const passed = (value: string | undefined) => hasPassed((name) => (name === "cdn-loop" ? value : undefined));
    expect(passed(String(once["cdn-loop"]))).toBe(true);
    expect(passed("trustmesh-edge; hops=1,b")).toBe(true);
    expect(passed("trustmesh-edge-2, other")).toBe(false);
    expect(passed(undefined)).toBe(false);
  });
});

describe("the headers of an answer that comes back", () => {
  it("are the other deployment's own, repeated ones in their order", () => {
    const own = [
      ["Content-Security-Policy", "default-src *"],
      ["X-Frame-Options", "SAMEORIGIN"],
      ["Cache-Control", "private, no-store"],
      ["ETag", '"theirs"'],
      ["Link", "</a.css>; rel=preload"],
      ["Link", "</b.css>; rel=preload"],
      ["Content-Encoding", "br"],
      ["Content-Length", "7"],
    ] as const;
    expect(answered(...own)).toEqual(own);
  });

  it("leave out headers of one connection", () => {
    const left = [
      ...[
        ["Connection", "close, X-Hop"],
        ["X-Hop", "1"],
        ["Keep-Alive", "timeout=5"],
      ],
      ...[
        ["Transfer-Encoding", "chunked"],
        ["Trailer", "X-Sum"],
        ["Alt-Svc", 'h3=":443"'],
      ],
    ] as [string, string][];
    expect(answered(...left)).toEqual([]);
  });

  it("set their cookies, and never our session's", () => {
    const theirs = [
      ["set-cookie", "a=1; Path=/; HttpOnly"],
      ["Set-Cookie", "tm_session2=1"],
      ["set-cookie", "a=tm_session"],
    ] as const;
    expect(answered(...theirs)).toEqual(theirs);
    for (const session of SESSIONS)
      for (const forged of [
        `${session}=x; Path=/`,
        ` ${session} =x`,
        `${session}=; Max-Age=0`,
        `=${session}=x`,
        ` = ${session}=x`,
      ])
        expect(answered(["Set-Cookie", forged]), forged).toEqual([]);
  });

  it("redirect within this origin if they named their own", () => {
    const to = (location: string) => answered(["Location", location])[0]?.[1];
    expect(to("https://ui.example/a?b=c#d")).toBe("/a?b=c#d");
    expect(to("http://ui.example/a")).toBe("/a");
    expect(to("//UI.example/a")).toBe("/a");
    expect(to("https://ui.example")).toBe("/");
    for (const other of [
      "https://ui.example.evil/a",
      "https://ui.example:444/a",
      "/a?b",
      "a/b",
      "?a",
      "mailto:a@b",
      "http://[",
    ])
      expect(to(other)).toBe(other);
  });

  it("never redirect to another host if they stayed on theirs", () => {
    const to = (location: string) => answered(["Location", location])[0]?.[1] ?? "";
    const part = fc.constantFrom(
      "/",
      "//",
      "\\",
      ".",
      "..",
      "elsewhere.example",
      "?",
      "#",
      "@",
      ":",
      "https:",
      "ui.example",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const location = parts.join("");
        fc.pre(URL.canParse(location, ORIGIN) && new URL(location, ORIGIN).host === "ui.example");
        expect(new URL(to(location), "https://app.example/").host, location).toBe("app.example");
      }),
      { numRuns: 2_000 },
    );
  });
});
