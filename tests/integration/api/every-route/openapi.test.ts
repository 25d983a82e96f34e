/** The document of the API. That answers are as it says is checked wherever a test asks (tests/support/contract). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SUBMIT_TYPES } from "@/lib/core/signals/message-types";
import { PROBLEM_CODES } from "@/lib/server/http/answers/problem";
import { ROUTES } from "@/lib/server/routes/table";
import { Documented } from "../../../support/contract/documented";
import { problemsOf } from "../../../support/contract/json-schema";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Readonly<Record<string, object>>;
}
interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly headers: object;
    readonly responses: object;
    readonly securitySchemes: object;
  };
}

const ME = "tm-me";
let t: TestApp;
let document: Document;
beforeAll(async () => {
  t = await startTestApp();
  await t.sync();
  document = (await (await t.ask("GET", "/api/openapi.json", null)).json()) as Document;
});
afterAll(() => t.close());

const operations = () => Object.values(document.paths).flatMap((methods) => Object.values(methods));

describe("the document", () => {
  it("names each route once, has a server, and has no dangling reference", () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(Object.keys(ROUTES).length);
    for (const id of ids) expect(id).toMatch(/^(get|post)[A-Z][A-Za-z0-9]+$/);
    expect(document.servers.length).toBeGreaterThan(0);
    const refs = [...JSON.stringify(document).matchAll(/"#\/([^"]+)"/g)].map(([, path = ""]) => path.split("/"));
    expect(refs.length).toBeGreaterThan(100);
    for (const names of refs) {
      const found = names.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
      expect(found, names.join("/")).toBeDefined();
    }
  });

  it("documents every problem in some answer", () => {
    const text = JSON.stringify([operations().map(({ responses }) => responses), document.components.responses]);
    // Next itself refuses methods that a route file does not have.
    // The document does not describe addresses that are passed on to UI_ORIGIN.
    const elsewhere = ["method-not-allowed", "ui-unreachable", "ui-too-slow", "loop"];
    const unnamed = PROBLEM_CODES.filter((code) => !elsewhere.includes(code) && !text.includes(`"${code}"`));
    expect(unnamed).toEqual([]);
  });

  it.each([
    ["/api/contacts", "get", "If-Min-Sequence"],
    ["/api/contacts", "get", "If-None-Match"],
    ["/api/hcs/submit", "post", "Idempotency-Key"],
    ["/api/admin/topics/{topicId}/pause", "post", "Idempotency-Key"],
    ["/api/stream", "get", "Last-Event-ID"],
  ])("%s %s lists the request's header %s", (path, method, name) => {
    const parameters = document.paths[path]?.[method]?.parameters ?? [];
    expect(parameters).toContainEqual(expect.objectContaining({ in: "header", name }));
  });
});

describe("the check of answers", () => {
  const good = async () => {
    const response = await t.ask("GET", "/api/contacts", ME);
    const { status, headers } = response;
    return { route: "GET /api/contacts", status, headers, body: await response.text() };
  };
  const problems = async (change: (answer: Awaited<ReturnType<typeof good>>) => object) => {
    const answer = await good();
    return new Documented(document as unknown as Record<string, unknown>).problems({ ...answer, ...change(answer) });
  };
  const withBody = (members: object) => (answer: { body: string }) => ({
    body: JSON.stringify({ ...JSON.parse(answer.body), ...members }),
  });
  const withHeader = (name: string, value: string | null) => (answer: { headers: Headers }) => {
    const headers = new Headers(answer.headers);
    if (value === null) headers.delete(name);
    else headers.set(name, value);
    return { headers };
  };

  it("accepts a correct answer", async () => {
    expect(await problems(() => ({}))).toEqual([]);
  });

  it.each([
    ["a member that is not documented", withBody({ secret: 1 }), "body.secret: not documented"],
    ["a member of another type", withBody({ lagMs: "1" }), "body.lagMs"],
    ["a member that is missing", withBody({ asOf: undefined }), "body.asOf: missing"],
    ["a header that is not documented", withHeader("x-secret", "1"), "header x-secret: not documented"],
    ["a header that is missing", withHeader("etag", null), "header etag: missing"],
    ["a header of another form", withHeader("trustmesh-lag-ms", "soon"), "header trustmesh-lag-ms"],
    ["another type of content", withHeader("content-type", "text/html"), "content type text/html"],
    ["another status", () => ({ status: 418 }), "status 418"],
    ["another route", () => ({ route: "GET /api/secret" }), "GET /api/secret is not documented"],
  ])("%s", async (_, change, expected) => {
    expect((await problems(change as never)).join("; ")).toContain(expected);
  });

  it("throws for a schema keyword that the check does not know", () => {
    expect(() => problemsOf(1, { multipleOf: 2 }, () => ({}))).toThrow("multipleOf");
  });
});

describe("a write", () => {
  const submit = (more: object) =>
    t.ask("POST", "/api/hcs/submit", ME, {
      body: {
        type: "PROFILE_UPDATE",
        from: ME,
        nonce: 1,
        ts: Math.floor(t.clock.now() / 1_000),
        payload: { displayName: "Me" },
        ...more,
      },
    });

  it.each([
    ["a type nobody knows", { type: "NOPE" }, "type"],
    ["a number without its standard", { type: 3 }, "type"],
    ["a number that is none of the seven", { hcs: "21", type: 7 }, "type"],
    ["another standard", { hcs: "20", type: 3 }, "hcs"],
    ["a nonce below zero", { nonce: -0.5 }, "nonce"],
  ])("%s", async (_, more, field) => {
    const answer = await submit(more);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "bad-input", field });
  });

  it.each(SUBMIT_TYPES)("%s is a documented form", async (type) => {
    const { field } = (await (await submit({ type, payload: {} })).json()) as { field?: string };
    expect(field).not.toBe("type");
  });
});
