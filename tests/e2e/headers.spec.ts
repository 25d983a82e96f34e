/** Headers of every answer, and the effect of a page's policy in a browser. */
import { expect, test } from "./support/test";

test("every page has a strict policy with a new nonce, and every script and style carries it", async ({ request }) => {
  const nonces = new Set<string>();
  for (const path of ["/sign-in", "/signals", "/circle", "/nowhere", "/"]) {
    const response = await request.get(path);
    const policy = response.headers()["content-security-policy"] ?? "";
    const nonce = /script-src 'self' 'nonce-([A-Za-z0-9+/=]{22,})' 'strict-dynamic'/.exec(policy)?.[1] ?? "";
    expect(nonce, path).not.toBe("");
    nonces.add(nonce);
    expect(policy).not.toMatch(/unsafe-(inline|eval|hashes)|\*|https?:|blob:/);
    for (const directive of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"])
      expect(policy.split("; ")).toContain(directive);
    const html = await response.text();
    const tags = html.match(/<(script|style)\b[^>]*>/g) ?? [];
    expect(tags.length).toBeGreaterThan(3);
    for (const tag of tags) expect(tag, path).toContain(`nonce="${nonce}"`);
    expect(html, path).not.toMatch(/<[^>]+\s(style|on\w+)=/);
  }
  expect(nonces.size).toBe(5);
});

test("headers hide the server's software, and forbid type guessing and framing", async ({ request }) => {
  const paths = [
    "/sign-in",
    "/icon.svg",
    "/manifest.webmanifest",
    "/favicon.ico",
    "/robots.txt",
    "/apple-icon.png",
    "/api/health",
    "/api/contacts",
    "/api/openapi.json",
    "/api/nowhere",
    "/nowhere",
  ];
  for (const path of paths) {
    const headers = (await request.get(path)).headers();
    expect(headers["x-powered-by"], path).toBeUndefined();
    expect(headers.server, path).toBeUndefined();
    expect(JSON.stringify(headers), path).not.toMatch(/next\.js|node|\b16\.4/i);
    expect(headers["x-content-type-options"], path).toBe("nosniff");
    expect(headers["referrer-policy"], path).toBe("same-origin");
    expect(headers["permissions-policy"], path).toContain("camera=()");
    expect(headers["strict-transport-security"], path).toBeUndefined();
    if (path.startsWith("/api/"))
      expect(headers["content-security-policy"], path).toBe("default-src 'none'; frame-ancestors 'none'");
  }
});

test("behind TLS, the server tells browsers to use TLS only", async ({ request }) => {
  const secure = { headers: { "x-forwarded-proto": "https" } };
  for (const path of ["/sign-in", "/api/health", "/icon.svg"]) {
    const headers = (await request.get(path, secure)).headers();
    expect(headers["strict-transport-security"], path).toBe("max-age=31536000");
  }
});

test("an injected script or style does not run", async ({ browser, baseURL }) => {
  // A context of its own: here violations are what is looked for.
  const context = await browser.newContext({ ...(baseURL ? { baseURL } : {}) });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
    // As markup, which is how it would come; a script that ours creates is ours ('strict-dynamic').
    const holder = document.createElement("div");
    holder.innerHTML = `<img src="x:" onerror="window.pwned=1"><style>body{display:none}</style><iframe src="/sign-in"></iframe>
      <a href="javascript:window.pwned=2" id="trap">x</a>`;
    document.body.append(holder);
    document.getElementById("trap")?.click();
    void fetch("https://evil.example").catch(() => {});
  });
  const directives = () => page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  for (const directive of ["script-src-attr", "script-src-elem", "style-src-elem", "connect-src", "frame-src"])
    await expect.poll(directives).toContain(directive);
  expect(await page.evaluate(() => ["pwned" in window, getComputedStyle(document.body).display])).not.toContain(true);
  expect(await page.evaluate(() => getComputedStyle(document.body).display)).not.toBe("none");
  await context.close();
});

test("injected markup runs no script", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ ...(baseURL ? { baseURL } : {}) });
  const page = await context.newPage();
  // As if a value had got into the page unescaped: between the server and the browser.
  await page.route("**/sign-in", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace("</body>", "<script>window.pwned = 1</script></body>");
    await route.fulfill({ response, body });
  });
  const refused: string[] = [];
  page.on("console", (message) => refused.push(message.text()));
  await page.goto("/sign-in");
  await expect.poll(() => refused.join(" ")).toMatch(/content security policy/i);
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  await context.close();
});
