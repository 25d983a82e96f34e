/** A ledger that anybody writes to: what it says is shown as bounded, harmless text in every view, and breaks none. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod/mini";
import { MAX_METADATA_CHARACTERS } from "@/lib/core/signals/metadata";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import type { ContactsAnswer } from "@/lib/wire/contacts";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const ME = "tm-victim";
const SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(1)">';
const BIDI = "\u202egnp.exe\u2066\u200b\u0007";
const LONG = "N".repeat(20_000);
/** Ids that are names of what every object has. */
const PROTOTYPE_IDS = ["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf"];
const UNSAFE = /(?!\u200d)\p{C}/u;

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ bothEntries: true });
  const { contact, trust, recognition, profile } = t.devnet.topics;
  const say = (topicId: typeof contact, ...messages: (object | string)[]) =>
    void t.devnet.submitMany(topicId, messages);
  for (const id of [...PROTOTYPE_IDS, "tm-script", "tm-bidi", "tm-long"]) {
    const name = { "tm-script": SCRIPT, "tm-bidi": BIDI, "tm-long": LONG }[id] ?? id;
    say(
      contact,
      { type: "CONTACT_REQUEST", from: { acct: id, handle: name, hrl: name }, to: ME },
      { type: "CONTACT_ACCEPT", from: ME, to: id, note: name },
    );
    say(trust, { type: "TRUST_ALLOCATE", actor: id, target: ME, weight: 1, note: name });
    say(
      recognition,
      { kind: "RECOGNITION_DEFINITION", id, title: name, icon: name, description: name, category: name, slug: name },
      { kind: "RECOGNITION_MINT", recognitionId: id, owner: ME, actor: id, note: name },
    );
    say(profile, {
      actor: id,
      displayName: name,
      handle: name,
      bio: name,
      avatar: `javascript:${name}`,
      profileHrl: name,
    });
  }
  const mint = (more: string) =>
    `{"kind":"RECOGNITION_MINT","recognitionId":"k","owner":"${ME}","actor":"tm-x",${more}}`;
  say(
    recognition,
    mint('"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}'),
    mint(`"deep":${"[".repeat(9_000)}${"]".repeat(9_000)}`),
    mint(`"wide":[${Array.from({ length: 6_000 }, (_, i) => i % 10).join(",")}]`),
    mint(`"${SCRIPT.replaceAll('"', "'")}":"${BIDI.replaceAll("\u0007", "\\u0007")}"`),
  );
  await t.sync();
});
afterAll(() => t.close());

const reads = (Object.keys(ROUTES) as RouteName[]).filter((name) => {
  const route: AnyRoute = ROUTES[name];
  return (
    name.startsWith("GET") && route.access === "user" && route.answer !== "text/event-stream" && !name.includes("{")
  );
});
const read = async (name: RouteName) => {
  const everybody = [ME, "tm-script", "tm-bidi", "tm-long", ...PROTOTYPE_IDS].join(",");
  const queries: Partial<Record<RouteName, string>> = {
    "GET /api/profiles": `?ids=${everybody}`,
    "GET /api/hcs/profile": `?hrl=hcs://11/${t.devnet.topics.profile}/1`,
  };
  return t.ask("GET", `${name.split(" ")[1]}${queries[name] ?? ""}`, ME);
};

/** Every string in a value that is shown as somebody's name or words; metadata is shown as JSON. */
function* shown(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null)
    for (const [name, member] of Object.entries(value))
      if (name !== "metadata" && name !== "json") yield* shown(member);
}

describe.each(reads)("%s", (name) => {
  it("answers in its documented shape", async () => {
    const response = await read(name);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    const { answer }: AnyRoute = ROUTES[name];
    (answer as z.ZodMiniType).parse(await response.json());
  });

  it("shows no control character, no direction character and no text longer than a biography", async () => {
    for (const text of shown(await (await read(name)).json())) {
      expect(text).not.toMatch(UNSAFE);
      expect(text.length).toBeLessThanOrEqual(2_000);
    }
  });
});

it("people whose ids are names of object properties are kept apart", async () => {
  const { contacts, trustLevels } = await t.json<ContactsAnswer>("/api/contacts", ME);
  for (const id of PROTOTYPE_IDS) {
    expect(contacts.find(({ peerId }) => peerId === id)?.trust).toEqual({ allocatedTo: 0, receivedFrom: 1 });
    expect(Object.getOwnPropertyDescriptor(trustLevels, id)?.value).toEqual({ allocatedTo: 0, receivedFrom: 1 });
  }
  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
});

it("the largest messages of a page are cut, and messages nested too deeply are left out", async () => {
  const response = await t.ask("GET", "/api/signals?limit=100", ME);
  const { items } = (await response.json()) as SignalsAnswer;
  for (const { metadata } of items)
    expect(JSON.stringify(metadata).length).toBeLessThanOrEqual(MAX_METADATA_CHARACTERS);
  const wide = items.find(({ metadata }) => "wide" in metadata);
  expect(wide?.metadata).toMatchObject({ recognitionId: "k", "…": "cut" });
  expect(items.some(({ metadata }) => "deep" in metadata)).toBe(false);
  const { topics } = await t.json<{ topics: { counts: { undecodable: number } }[] }>("/api/health/ingestion", ME);
  expect(topics.reduce((sum, { counts }) => sum + counts.undecodable, 0)).toBeGreaterThan(0);
});
