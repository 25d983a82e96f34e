/** The gate over the whole table: what it lets in and refuses, generated from the routes, so that a new one is held to it too. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "@/lib/server/access/limits";
import { type GateRequest, judgeRequest, MAX_HEADERS } from "@/lib/server/front/admission/gate";
import { MAX_BODY_BYTES } from "@/lib/server/http/read-body";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { MAX_PASSED_BYTES } from "@/lib/server/ui-origin/forward";

const NAMES = Object.keys(ROUTES) as RouteName[];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "QUERY"];
const routeNamed = (name: RouteName): AnyRoute => ROUTES[name];
const pathOf = (name: RouteName) => (name.split(" ")[1] as string).replaceAll(/\{\w+\}/g, "7");

const ask = (method: string, target: string, headers: Record<string, string> = {}, more: Partial<GateRequest> = {}) =>
  judgeRequest({
    ...{ method, target, header: (name) => headers[name], headerCount: Object.keys(headers).length, hasUi: false },
    ...more,
  });
const statusOf = (...asked: Parameters<typeof ask>) => {
  const verdict = ask(...asked);
  return verdict.kind === "pass" ? "pass" : verdict.problem.code;
};

describe("a route", () => {
  it.each(NAMES)("is admitted by its name, with a limit: %s", (name) => {
    const [method = ""] = name.split(" ");
    const verdict = ask(method, `${pathOf(name)}?a=b`);
    expect(verdict).toMatchObject({ kind: "pass", route: name });
    expect(Object.keys(LIMITS)).toContain(routeNamed(name).limit);
    expect(verdict).toMatchObject({ limit: routeNamed(name).limit });
  });

  it.each(NAMES)("answers 405 for other methods, and names its own: %s", (name) => {
    const path = pathOf(name);
    const own = NAMES.filter((each) => pathOf(each) === path).map((each) => each.split(" ")[0] as string);
    const isStream = own.includes("GET") && routeNamed(`GET ${path}` as RouteName)?.answer === "text/event-stream";
    const allowed = [
      ...own,
      ...(own.includes("GET") && !isStream ? ["HEAD"] : []),
      ...(routeNamed(name).isForAnySite ? ["OPTIONS"] : []),
    ];
    for (const method of METHODS) {
      const verdict = ask(method, path);
      if (allowed.includes(method)) expect(verdict.kind, method).toBe("pass");
      else expect(verdict, method).toMatchObject({ kind: "refuse", problem: { code: "method-not-allowed" } });
      if (verdict.kind === "refuse") expect(verdict.allow?.split(", ").sort()).toEqual([...allowed].sort());
    }
  });

  it.each(NAMES)("accepts a body only if it reads one, and none that is too large: %s", (name) => {
    const [method = ""] = name.split(" ");
    const withBody: Record<string, string>[] = [{ "content-length": "1" }, { "transfer-encoding": "chunked" }];
    const isReading = routeNamed(name).body !== undefined;
    for (const headers of withBody)
      expect(statusOf(method, pathOf(name), headers)).toBe(isReading ? "pass" : "too-large");
    expect(statusOf(method, pathOf(name), { "content-length": String(MAX_BODY_BYTES + 1) })).toBe("too-large");
    // A length is any number of digits (RFC 9110 §8.6).
    for (const none of ["0", "00", "0000000000000000000000"])
      expect(statusOf(method, pathOf(name), { "content-length": none })).toBe("pass");
    for (const length of ["01", "+0", "-0", "0x0", "0.0", "0, 0"])
      expect(statusOf(method, pathOf(name), { "content-length": length })).toBe(isReading ? "pass" : "too-large");
  });

  it.each(NAMES)("refuses a body in a coding that it would read as text: %s", (name) => {
    const [method = ""] = name.split(" ");
    const coded = (transfer: string, content: string | null = null) =>
      statusOf(method, pathOf(name), {
        "transfer-encoding": transfer,
        ...(content === null ? {} : { "content-encoding": content }),
      });
    for (const coding of ["gzip, chunked", "gzip,chunked", "identity, chunked", "chunked, gzip", "deflate"])
      expect(coded(coding), coding).toBe("bad-transfer-coding");
    const whole = coded("chunked");
    expect(coded("Chunked", "identity")).toBe(whole);
    const isReading = routeNamed(name).body !== undefined;
    for (const coding of ["gzip", "br", "x-gzip", "gzip, gzip"])
      expect(coded("chunked", coding), coding).toBe(isReading ? "bad-content-coding" : whole);
    expect(statusOf(method, pathOf(name), { "content-encoding": "gzip" })).toBe("pass");
  });

  it("of health caches its answer, so that its limit may be wide", () => {
    const health = NAMES.filter((name) => pathOf(name).startsWith("/api/health"));
    expect(health.length).toBeGreaterThan(3);
    for (const name of health) expect(routeNamed(name), name).toMatchObject({ rememberMs: 1_000, limit: "health" });
  });

  it("that does not exist is 404, and HEAD of the stream opens no stream", () => {
    expect(statusOf("GET", "/api/nowhere")).toBe("not-found");
    expect(statusOf("GET", "/api")).toBe("not-found");
    expect(statusOf("GET", "/api/contacts/more")).toBe("not-found");
    expect(ask("HEAD", "/api/stream")).toMatchObject({ problem: { code: "method-not-allowed" }, allow: "GET" });
  });

  it("accepts an address as long as it says", () => {
    const ids = `ids=${"x".repeat(10_000)}`;
    expect(statusOf("GET", `/api/profiles?${ids}`)).toBe("pass");
    expect(statusOf("GET", `/api/contacts?${ids}`)).toBe("address-too-long");
    expect(statusOf("GET", `/api/profiles?${ids}${ids}`)).toBe("address-too-long");
  });
});

describe("a page", () => {
  it("accepts GET and HEAD, without a body", () => {
    for (const path of ["/", "/signals", "/profile/tm-a", "/nowhere", "/icon.svg"])
      for (const method of METHODS)
        expect(statusOf(method, path)).toBe(["GET", "HEAD"].includes(method) ? "pass" : "method-not-allowed");
    expect(statusOf("POST", "/signals", { "transfer-encoding": "chunked" })).toBe("method-not-allowed");
    expect(statusOf("GET", "/signals", { "transfer-encoding": "chunked" })).toBe("too-large");
  });

  it("and a file have different limits", () => {
    expect(ask("GET", "/signals")).toMatchObject({ limit: "page" });
    for (const path of ["/trustmesh-edge/_next/static/a.js", "/icon.svg", "/wallet-connector.js"])
      expect(ask("GET", path)).toMatchObject({ limit: "file" });
  });
});

describe("with another deployment's pages on this origin", () => {
  const askWithUi = (method: string, target: string, headers?: Record<string, string>) =>
    ask(method, target, headers, { hasUi: true });

  it("pages and API paths that are not ours go there, with every method, a body and a limit", () => {
    for (const path of [
      "/",
      "/contacts",
      "/profile/tm-a",
      "/nowhere",
      "/_next/static/a.js",
      "/robots.txt",
      "/api/theirs",
      "/api",
    ])
      for (const method of METHODS)
        expect(askWithUi(method, path, { "content-length": "7" }), `${method} ${path}`).toMatchObject(
          ["TRACE", "get", "QUERY"].includes(method)
            ? { kind: "refuse", problem: { code: "method-not-allowed" } }
            : { kind: "pass", to: "ui", route: null, limit: "passed" },
        );
  });

  it("our operators' pages, the sign-in page, our files and our routes stay ours", () => {
    for (const path of [
      "/admin",
      "/admin/topics",
      "/sign-in?next=/",
      "/%61dmin",
      "/icon.svg",
      "/trustmesh-edge/_next/static/a.js",
    ])
      expect(askWithUi("GET", path), path).toMatchObject({ kind: "pass", to: "us" });
    expect(askWithUi("POST", "/admin")).toMatchObject({ problem: { code: "method-not-allowed" } });
    for (const name of NAMES) {
      const [method = ""] = name.split(" ");
      expect(askWithUi(method, pathOf(name))).toMatchObject({ kind: "pass", to: "us", route: name });
      expect(askWithUi("DELETE", pathOf(name))).toMatchObject({ problem: { code: "method-not-allowed" } });
    }
  });

  it("a body goes on in any content coding, but no transfer coding that would be lost on the way", () => {
    expect(askWithUi("POST", "/upload", { "content-encoding": "gzip", "content-length": "7" })).toMatchObject({
      kind: "pass",
      to: "ui",
    });
    expect(askWithUi("POST", "/upload", { "transfer-encoding": "gzip, chunked" })).toMatchObject({
      problem: { code: "bad-transfer-coding" },
    });
  });

  it("large bodies, long addresses and malformed addresses are still refused", () => {
    const long = { "content-length": String(MAX_PASSED_BYTES + 1) };
    expect(askWithUi("POST", "/upload", { "content-length": String(MAX_PASSED_BYTES) })).toMatchObject({ to: "ui" });
    expect(askWithUi("POST", "/upload", long)).toMatchObject({ problem: { code: "too-large" } });
    expect(askWithUi("GET", `/${"x".repeat(5_000)}`)).toMatchObject({ problem: { code: "address-too-long" } });
    for (const path of ["//elsewhere.example/", "/a/../admin", "/%2e%2e/admin", "/a\\b", "http://elsewhere.example/"])
      expect(askWithUi("GET", path), path).toMatchObject({ problem: { code: "bad-input" } });
  });
});

it("the gate refuses very many headers", () => {
  expect(statusOf("GET", "/signals", {}, { headerCount: MAX_HEADERS })).toBe("pass");
  expect(statusOf("GET", "/signals", {}, { headerCount: MAX_HEADERS + 1 })).toBe("headers-too-large");
});

it("the gate admits or refuses every request, and never throws", () => {
  const target = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.tuple(fc.constantFrom(...NAMES.map(pathOf)), fc.string({ maxLength: 200 })).map(([path, more]) => path + more),
  );
  fc.assert(
    fc.property(
      fc.string({ maxLength: 10 }),
      target,
      fc.string(),
      fc.nat(300),
      (method, target, length, headerCount) => {
        const verdict = ask(method, target, { "content-length": length }, { headerCount });
        expect(["pass", "refuse"]).toContain(verdict.kind);
        if (verdict.kind === "pass") expect(["GET", "HEAD", "POST"]).toContain(method);
      },
    ),
    { numRuns: 1_000 },
  );
});
