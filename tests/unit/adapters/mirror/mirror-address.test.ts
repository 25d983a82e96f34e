/** The address of a mirror: its credentials are used and never shown, and what it may not hold is refused. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMirrorAddress } from "@/lib/adapters/mirror/mirror-address";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import type { TopicId } from "@/lib/core/ledger/ids";
import { unwrap } from "@/lib/core/result";
import { DrivenClock } from "../../../support/control/driven-clock";

const clock = new DrivenClock();
const TOPIC = "0.0.5" as TopicId;
const ask = (ledger: MirrorLedger) => clock.drive(ledger.page({ topicId: TOPIC, after: 0, limit: 100, attempt: 0 }));

describe("an address", () => {
  it("with a user and a password asks with them in a header, and shows them nowhere", async () => {
    const asked: Request[] = [];
    const ledger = new MirrorLedger({
      urls: ["https://me%40corp:s%3Acret@mirror.test:8443/base/"],
      clock,
      reserve: async () => 0,
      send: async (input, init) => {
        asked.push(new Request(input, init));
        return new Response("", { status: 500 });
      },
    });
    const answer = await ask(ledger);
    expect(asked[0]?.url).toMatch(/^https:\/\/mirror\.test:8443\/base\/api\/v1\/topics\//);
    expect(asked[0]?.headers.get("authorization")).toBe(`Basic ${Buffer.from("me@corp:s:cret").toString("base64")}`);
    expect(JSON.stringify([answer, ledger.states()])).not.toMatch(/cret|corp|Basic/);
  });

  it("with any user and password asks with exactly them, and shows them nowhere", async () => {
    // Marked, so that no part of an answer can hold them by chance.
    const name = fc.string({ unit: "binary", maxLength: 20 }).map((text) => `q7Z${text.toWellFormed()}`);
    // A user's name ends at the first colon (RFC 7617 §2).
    const user = name.map((text) => text.replaceAll(":", ""));
    await fc.assert(
      fc.asyncProperty(user, name, async (user, password) => {
        const sent: (string | null)[] = [];
        const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
        const ledger = new MirrorLedger({
          urls: [`https://${credentials}@mirror.test/`],
          clock,
          reserve: async () => 0,
          send: async (input, init) => {
            const request = new Request(input, init);
            sent.push(request.headers.get("authorization"));
            expect(request.url).toMatch(/^https:\/\/mirror\.test\/api\/v1\/topics\//);
            return new Response("", { status: 500 });
          },
        });
        const answer = await ask(ledger);
        expect(sent).toEqual([`Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`]);
        expect(JSON.stringify([answer, ledger.states()])).not.toMatch(/q7Z|Basic/);
      }),
    );
  });

  it.each([
    ["https://mirror.test/?key=s3cret", "has a query"],
    ["https://mirror.test/api/v1#s3cret", "has a fragment"],
    ["https://me:s3cret%@mirror.test", "has a user or password with a %"],
    ["ftp://me:s3cret@mirror.test", "does not start with http"],
    ["https://", "does not start with http"],
  ])("%s is refused in a sentence that does not hold it", (url, sentence) => {
    const parsed = parseMirrorAddress(url);
    expect(parsed).toMatchObject({ ok: false, error: expect.stringContaining(sentence) });
    expect(JSON.stringify(parsed)).not.toContain("s3cret");
    expect(() => new MirrorLedger({ urls: [url], clock, reserve: async () => 0 })).toThrow(RangeError);
  });

  it.each([
    ["http://mirror.test", "http://mirror.test/api/v1"],
    ["http://mirror.test/?", "http://mirror.test/api/v1"],
    ["HTTPS://Mirror.Test//base//api/v1//", "https://mirror.test//base/api/v1"],
  ])("%s leads to %s", (url, base) => {
    expect(unwrap(parseMirrorAddress(url)).base).toBe(base);
  });
});
