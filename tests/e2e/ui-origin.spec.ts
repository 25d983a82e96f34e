/**
 * Another deployment's pages on this origin (UI_ORIGIN), behind the production build: with our own server in front, and with the
 * framework alone, as functions run it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, test } from "@playwright/test";
import { startWebUi, type WebUi } from "../support/stand-ins/web-ui";
import { ready, type Server, startServer } from "./support/own-server";

const FRAMEWORK_ALONE = [join("node_modules", "next", "dist", "bin", "next"), "start", "-H", "127.0.0.1"];
const SESSION = "tm_session";

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
  /** The end of the body is never sent. A server that answers before it and closes would break a write of the end. */
  readonly isOpen?: boolean;
}

for (const [name, program] of [
  ["our own server", undefined],
  ["the framework alone", FRAMEWORK_ALONE],
] as const) {
  test.describe(`in front of another deployment, ${name}`, () => {
    // One server for all of them.
    test.describe.configure({ mode: "default" });
    let dataDir: string;
    let web: WebUi;
    let server: Server;

    test.beforeAll(async () => {
      dataDir = mkdtempSync(join(tmpdir(), "tm-ui-origin-"));
      web = await startWebUi();
      server = await startServer(dataDir, { UI_ORIGIN: web.origin, NODE_ENV: "production" }, program);
      await ready(server);
      web.circleTo = server.url;
    });
    test.afterAll(async () => {
      server.process.kill("SIGKILL");
      await server.exit;
      await web.stop();
      rmSync(dataDir, { recursive: true, force: true });
    });

    /** As bytes: `fetch` follows redirects, joins headers and unpacks bodies. */
    const ask = (method: string, path: string, { headers = {}, body, isOpen = false }: Sent = {}) =>
      new Promise<Answered>((resolve, reject) => {
        const asked = httpRequest(server.url + path, { method, headers, agent: false }, (answer) => {
          const { statusCode: status = 0, headers: answered } = answer;
          const read = buffer(answer).then((bytes) => resolve({ status, headers: answered, body: bytes }), reject);
          if (isOpen) read.finally(() => asked.destroy());
        });
        asked.on("error", reject);
        if (isOpen) asked.write(body);
        else asked.end(body);
      });
    /** The status for a request that only promises a body of this length. */
    const statusOfPromise = (path: string, bytes: number) =>
      new Promise<number>((resolve, reject) => {
        const headers = { "content-length": String(bytes) };
        const asked = httpRequest(server.url + path, { method: "POST", headers, agent: false }, (answer) => {
          resolve(answer.statusCode ?? 0);
          asked.destroy();
        });
        asked.once("error", reject);
        asked.flushHeaders();
      });
    /**
     * As `ask`. The framework closes a connection at once after an answer that comes before the body's end, so a client that still writes
     * may find it broken. Our own server lets the answer arrive.
     */
    const upload = async (path: string, sent: Sent): Promise<Answered> => {
      if (program === undefined) return ask("POST", path, sent);
      let answered: Answered | null = null;
      await expect(async () => {
        answered = await ask("POST", path, sent);
      }).toPass();
      return answered as unknown as Answered;
    };
    const lastAsked = () => web.asked.at(-1);

    test("all pages but our own come from there, with their headers", async () => {
      for (const path of ["/", "/contacts?tab=a%20b", "/profile/tm-a", "/nowhere", "/robots.txt"]) {
        const page = await ask("GET", path);
        expect(page.status, path).toBe(200);
        expect(page.body.toString(), path).toContain("Their page");
        expect(lastAsked()).toMatchObject({ method: "GET", url: path });
        expect(page.headers["x-frame-options"]).toBe("SAMEORIGIN");
        for (const ours of [
          "content-security-policy",
          "cross-origin-opener-policy",
          "permissions-policy",
          "referrer-policy",
        ])
          expect(page.headers[ours], `${path} ${ours}`).toBeUndefined();
      }
    });

    test("our operators' pages, the sign-in page, our API and our files stay ours", async () => {
      const before = web.asked.length;
      const signIn = await ask("GET", "/sign-in");
      expect(signIn.headers["content-security-policy"]).toContain("'strict-dynamic'");
      expect(signIn.headers["x-frame-options"]).toBe("DENY");
      expect((await ask("GET", "/admin/topics")).status).toBe(200);
      expect(JSON.parse((await ask("GET", "/api/contacts")).body.toString())).toMatchObject({ code: "no-session" });
      expect((await ask("DELETE", "/api/contacts")).status).toBe(405);
      const script = /src="(\/[^"]+\.js)"/.exec(signIn.body.toString())?.[1] ?? "";
      for (const path of [script, "/icon.svg", "/apple-icon.png"]) {
        const file = await ask("GET", path);
        expect(file.status, path).toBe(200);
        expect(file.headers["x-content-type-options"], path).toBe("nosniff");
      }
      expect(script).toMatch(/^\/trustmesh-edge\/_next\/static\//);
      expect((await ask("GET", script)).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
      expect(web.asked.length).toBe(before);
    });

    test("files of their build come from there", async () => {
      const script = await ask("GET", "/_next/static/chunks/a.js");
      expect(script.body.toString()).toContain("Their script ran");
      expect(script.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
      await ask("GET", "/_next/image?url=%2Fa.png&w=64&q=75");
      expect(lastAsked()?.url).toBe("/_next/image?url=%2Fa.png&w=64&q=75");
    });

    test("API paths without a route of ours go there, with every method and every byte of a body", async () => {
      const body = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7_919) % 256));
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        for (const path of ["/api/echo?a=b", "/echo"])
          for (const [framing, value] of [
            ["content-length", String(body.length)],
            ["transfer-encoding", "chunked"],
          ] as const) {
            const echo = await ask(method, path, { headers: { [framing]: value }, body });
            expect(echo.status, `${method} ${path}`).toBe(200);
            expect(echo.headers["x-theirs"]).toBe("echo");
            expect(echo.body.equals(body), `${method} ${path}`).toBe(true);
            expect(lastAsked()).toMatchObject({ method, url: path });
          }
    });

    test("HEAD has no body, an empty answer stays empty, and their 404 is theirs", async () => {
      const head = await ask("HEAD", "/contacts");
      expect([head.status, head.body.length, lastAsked()?.method]).toEqual([200, 0, "HEAD"]);
      expect(head.headers["content-type"]).toBe("text/html");
      expect((await ask("HEAD", "/api/theirs")).status).toBe(200);
      expect(lastAsked()?.method).toBe("HEAD");
      const empty = await ask("GET", "/empty");
      expect([empty.status, empty.body.length, empty.headers["x-theirs"]]).toEqual([204, 0, "empty"]);
      const missing = await ask("GET", "/missing");
      expect([missing.status, missing.body.toString()]).toEqual([404, "<h1>Their 404</h1>"]);
    });

    test("their credentials go there, and our session does not", async () => {
      const signIn = await ask("POST", "/api/auth/demo", {
        headers: { "content-type": "application/json" },
        body: Buffer.from('{"userId":"tm-alex-chen"}'),
      });
      const session = signIn.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
      expect(session).toMatch(/^tm_session=./);
      const cookie = `theirs=1; ${session}; more="2, 3"`;
      const mine = await ask("GET", "/api/auth/session", { headers: { cookie } });
      expect(mine.status).toBe(200);
      for (const path of ["/contacts", "/api/theirs"]) {
        await ask("GET", path, {
          headers: { cookie, authorization: "Bearer theirs", "x-requested-with": "XMLHttpRequest" },
        });
        expect(lastAsked()?.headers).toMatchObject({
          ...{ cookie: 'theirs=1; more="2, 3"', authorization: "Bearer theirs", "x-requested-with": "XMLHttpRequest" },
          ...{
            host: new URL(web.origin).host,
            "x-forwarded-host": new URL(server.url).host,
            "x-forwarded-proto": "http",
          },
        });
        expect(JSON.stringify(lastAsked()?.headers)).not.toContain(SESSION);
      }
    });

    test("their cookies come back, and none that would replace our session", async () => {
      for (const path of ["/cookies", "/api/cookies"]) {
        const { headers } = await ask("GET", path);
        expect(headers["set-cookie"]).toEqual([
          "theirs=1; Path=/; HttpOnly",
          "other=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT",
        ]);
      }
    });

    test("their redirects stay on this origin", async () => {
      const to = async (path: string) => (await ask("GET", path)).headers.location;
      expect(await to("/moved")).toBe("/contacts?from=moved#top");
      expect(await to("/nearby")).toBe("/contacts");
      expect(await to("/away")).toBe("https://elsewhere.example/contacts");
      expect(await to("/trap")).toBe("/elsewhere.example/");
      expect((await ask("GET", "/moved")).status).toBe(307);
    });

    test("an event stream arrives in pieces, and ends there when the client leaves", async () => {
      // The framework sends the headers of a stream with its first piece.
      const query = program === undefined ? "" : "?greeting";
      for (const path of [`/events${query}`, `/api/events${query}`]) {
        const leaves = new AbortController();
        const stream = await fetch(server.url + path, { signal: leaves.signal });
        expect(stream.headers.get("content-type")).toBe("text/event-stream");
        const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
        const next = async () => Buffer.from((await reader.read()).value ?? []).toString();
        if (program !== undefined) expect(await next()).toBe("data: greeting\n\n");
        for (const piece of ["first", "second"]) {
          web.tell(piece);
          expect(await next()).toBe(`data: ${piece}\n\n`);
        }
        leaves.abort();
        await web.streamsEnded();
      }
    });

    test("a body that is too large is refused, with its length and without", async () => {
      const before = web.asked.length;
      const body = Buffer.alloc(5_000_001);
      for (const path of ["/echo", "/api/echo"]) {
        // The framework reads a page's body to its end first. Everybody else answers before the end.
        const isReadToEnd = program !== undefined && path === "/echo";
        const known = { headers: { "content-length": String(body.length) }, body };
        const status = program === undefined ? statusOfPromise(path, body.length) : (await upload(path, known)).status;
        expect(await status).toBe(413);
        const unknown = await upload(path, {
          headers: { "transfer-encoding": "chunked" },
          body,
          isOpen: !isReadToEnd,
        });
        expect(unknown.status).toBe(413);
        expect(JSON.parse(unknown.body.toString())).toMatchObject({ code: "too-large" });
      }
      expect(web.asked.length).toBe(before);
    });

    test("an address that is too long is refused here", async () => {
      const before = web.asked.length;
      for (const path of ["/", "/api/"]) {
        const long = await ask("GET", path + "x".repeat(5_000));
        expect([long.status, JSON.parse(long.body.toString()).code], path).toEqual([414, "address-too-long"]);
      }
      expect(web.asked.length).toBe(before);
    });

    test("a request that comes back here ends with an error", async () => {
      const circle = await ask("GET", "/circle-back");
      expect(circle.status).toBe(508);
      expect(JSON.parse(circle.body.toString())).toMatchObject({
        code: "loop",
        detail: expect.stringContaining("Set UI_ORIGIN to the web UI's own address."),
      });
    });

    test("a browser shows their pages and ours on one origin", async ({ browser }) => {
      const context = await browser.newContext({ baseURL: server.url });
      const page = await context.newPage();
      await page.goto("/contacts");
      await expect(page).toHaveTitle("Their script ran");
      await page.goto("/sign-in");
      await page.getByRole("button", { name: /Alex Chen/ }).click();
      // Our page for signing in leads to a page that is theirs now.
      await expect(page.getByRole("heading", { name: "Their page" })).toBeVisible();
      await expect(page).toHaveURL(`${server.url}/signals`);
      expect((await context.cookies()).map(({ name: each }) => each)).toContain(SESSION);
      await context.close();
    });

    test("a sentence says when it is down, and its pages return as soon as it does", async () => {
      const port = Number(new URL(web.origin).port);
      await web.stop();
      for (const path of ["/contacts", "/api/theirs", "/_next/static/chunks/a.js"]) {
        const down = await ask("GET", path);
        expect(down.status, path).toBe(502);
        expect(JSON.parse(down.body.toString())).toMatchObject({
          code: "ui-unreachable",
          detail: "The server of this page cannot be reached. Try again shortly.",
        });
      }
      // Asked of the server: a line of its log comes by a pipe, which may bring it after the answer that followed it.
      const health = await ask("GET", "/api/health/ingestion");
      expect((JSON.parse(health.body.toString()) as { alarms: string[] }).alarms).toContainEqual(
        expect.stringContaining(`The web UI at ${web.origin} cannot be reached`),
      );
      expect((await ask("GET", "/sign-in")).status).toBe(200);
      web = await startWebUi(port);
      expect((await ask("GET", "/contacts")).status).toBe(200);
    });
  });
}
