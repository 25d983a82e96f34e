import { afterEach, describe, expect, it, vi } from "vitest";
import { addressOf, configureClient, sentCredentials } from "@/lib/client/api/settings";
import { readContacts } from "@/lib/client/api/views/reads";

afterEach(() => {
  configureClient();
  vi.unstubAllGlobals();
});

describe("the address of the server", () => {
  it.each([
    [undefined, "/api/contacts"],
    ["", "/api/contacts"],
    ["/", "/api/contacts"],
    ["/edge", "/edge/api/contacts"],
    ["/edge/", "/edge/api/contacts"],
    ["https://app.example", "https://app.example/api/contacts"],
    ["http://127.0.0.1:3000/edge/", "http://127.0.0.1:3000/edge/api/contacts"],
  ])("with baseUrl %j is %s", (baseUrl, address) => {
    configureClient(baseUrl === undefined ? {} : { baseUrl });
    expect(addressOf("/api/contacts")).toBe(address);
  });

  it.each([
    "edge",
    "//elsewhere.example",
    "/\\elsewhere",
    "ftp://app.example",
    "https://",
    "https://a b",
    "/edge?x=1",
    "/e#f",
  ])("is refused with a sentence that says what to give: %j", (baseUrl) => {
    expect(() => configureClient({ baseUrl })).toThrow(/^baseUrl is ".*"\. Give nothing, a path such as "\/edge"/);
    expect(addressOf("/api")).toBe("/api");
  });
});

describe("cookies", () => {
  it("go to the page's own origin, and to another one only if the settings say so", () => {
    expect(sentCredentials()).toBe("same-origin");
    configureClient({ credentials: "include" });
    expect(sentCredentials()).toBe("include");
    configureClient();
    expect(sentCredentials()).toBe("same-origin");
  });

  it("and the address apply to every read", async () => {
    const sent: unknown[] = [];
    vi.stubGlobal("fetch", async (address: string, { credentials }: RequestInit) => {
      sent.push([address, credentials]);
      return new Response("{}", { status: 404 });
    });
    configureClient({ baseUrl: "https://app.example", credentials: "include" });
    await readContacts().catch(() => {});
    expect(sent).toEqual([["https://app.example/api/contacts", "include"]]);
  });
});
