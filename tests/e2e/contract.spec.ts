/**
 * The API as programs meet it, over HTTP: on the production build here, and on what a deployment would run on the other
 * set-ups (`npm run test:set-ups`). Which routes there are, and whom they let in, is asked of the server itself.
 */

import { expect } from "@playwright/test";
import type { z } from "zod/mini";
import { verifyProof } from "@/lib/client/browser/verify-proof";
import { Problem } from "@/lib/wire/common";
import { CircleAnswer, ContactsAnswer } from "@/lib/wire/contacts";
import { EventsAnswer, RegistryAnswer } from "@/lib/wire/ledger";
import { PersonAnswer } from "@/lib/wire/person";
import { ProofAnswer } from "@/lib/wire/proof";
import { ProfilesAnswer, RecognitionAnswer } from "@/lib/wire/recognition";
import { SignalsAnswer } from "@/lib/wire/signals";
import { STREAM_EVENTS } from "@/lib/wire/stream";
import { SseReader } from "../support/sse";
import type { Person } from "./support/person";
import { test } from "./support/test";

const names = ({ security }: Operation, scheme: string) => security.some((each) => scheme in each);
/** An empty alternative: the ledger's own routes need no session by default. */
const isForSessions = (operation: Operation): boolean =>
  names(operation, "session") && operation.security.every((each) => Object.keys(each).length > 0);
/** Operators' routes also take their token. */
const isForOperators = (operation: Operation): boolean => names(operation, "token");

type Operation = { readonly security: readonly object[]; readonly responses: Readonly<Record<string, unknown>> };
type Paths = Readonly<Record<string, Readonly<Record<"get" | "post", Operation | undefined>>>>;

/** The answer schema of each read of a person's own views. */
const READS: Readonly<Record<string, z.ZodMiniType>> = {
  "/api/contacts": ContactsAnswer,
  "/api/circle": CircleAnswer,
  "/api/signals": SignalsAnswer,
  "/api/hcs/events": EventsAnswer,
  "/api/recognition": RecognitionAnswer,
  "/api/profiles": ProfilesAnswer,
  "/api/people/{userId}": PersonAnswer,
  "/api/registry/topics": RegistryAnswer,
  "/api/proof/{topicId}/{sequence}": ProofAnswer,
};

/** Reads of the web UI, which tests/integration/ui holds to their members. */
const UI_READS = [
  "/api/me/api/v1/topics/{topicId}/messages",
  "/api/registry/catalog",
  "/api/profile/status",
  "/api/hcs/profile",
  "/api/hcs22/resolve",
];

const sessionOf = async (person: Person): Promise<string> =>
  (await person.api.storageState()).cookies.map(({ name, value }) => `${name}=${value}`).join("; ");

test("every protected route refuses requests without a session, and a user's requests, as documented", async ({
  meet,
  request,
}) => {
  const { paths } = (await (await request.get("/api/openapi.json")).json()) as { paths: Paths };
  const user = await meet("Una");
  let guarded = 0;
  for (const [path, methods] of Object.entries(paths)) {
    const address = path.replace("{topicId}", "0.0.1001").replace("{sequence}", "1").replace("{userId}", user.id);
    for (const method of ["get", "post"] as const) {
      const operation = methods[method];
      if (!operation || !isForSessions(operation)) continue;
      guarded += 1;
      const send = (api: typeof request) => (method === "get" ? api.get(address) : api.post(address, { data: {} }));
      const nobody = await send(request);
      expect(nobody.status(), `${method} ${path}`).toBe(401);
      expect(nobody.headers()["content-type"]).toBe("application/problem+json");
      expect(Problem.parse(await nobody.json()).detail).toMatch(/\.$/);
      if (isForOperators(operation)) expect((await send(user.api)).status(), `${method} ${path}`).toBe(403);
    }
  }
  expect(guarded).toBeGreaterThan(15);
  const reads = Object.entries(paths).flatMap(([path, { get }]) =>
    get && isForSessions(get) && !isForOperators(get) && path !== "/api/stream" ? [path] : [],
  );
  expect(reads.sort()).toEqual([...Object.keys(READS), ...UI_READS].sort());
});

test("reads answer in their documented form, to their owner only, with an ETag that holds until something changes", async ({
  meet,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { topicId, sequenceNumber } = await ann.trust(ben);
  await ann.circle();
  for (const [path, schema] of Object.entries(READS)) {
    const address = path
      .replace("{topicId}", topicId)
      .replace("{sequence}", String(sequenceNumber))
      .replace("{userId}", ben.id)
      .concat(path === "/api/profiles" ? `?ids=${ann.id}` : "");
    const answer = await ann.api.get(address);
    expect(answer.status(), path).toBe(200);
    schema.parse(await answer.json());
    const other = await ann.api.get(`${address}${address.includes("?") ? "&" : "?"}userId=${ben.id}`);
    expect(other.status(), path).toBe(403);
  }
  const contacts = await ann.api.get("/api/contacts");
  expect(contacts.headers()["cache-status"]).toMatch(/(l1|redis|postgres); (hit|fwd)/);
  expect(contacts.headers()["server-timing"]).toContain("total;dur=");
  const tagged = { headers: { "if-none-match": contacts.headers().etag as string } };
  expect((await ann.api.get("/api/contacts", tagged)).status()).toBe(304);
  const cid = await meet("Cid");
  await cid.ask(ann);
  await expect(async () => expect((await ann.api.get("/api/contacts", tagged)).status()).toBe(200)).toPass();
});

test("a read that names a write contains it at once, and the poll continues from its watermark", async ({ meet }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  const poll = async (since?: string) =>
    EventsAnswer.parse(
      await (await ben.api.get(`/api/hcs/events?type=contact${since ? `&since=${since}` : ""}`)).json(),
    );
  const { watermark } = await poll();
  const { minSequence, sequenceNumber, topicId } = await ann.ask(ben);
  const answer = await ben.api.get("/api/contacts", { headers: { "if-min-sequence": minSequence } });
  const { requests } = ContactsAnswer.parse(await answer.json());
  expect(requests.incoming.map(({ peerId }) => peerId)).toEqual([ann.id]);
  const next = await poll(watermark);
  expect(next.items.map((item) => [item.topic_id, item.sequence_number])).toEqual([[topicId, sequenceNumber]]);
  expect((await poll(next.watermark)).items).toEqual([]);
});

test("a broken stream resumes after the last event, with each missed event once", async ({ meet, baseURL }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  const cookie = await sessionOf(ben);
  const open = async (lastEventId?: number) => {
    const headers = new Headers({ cookie });
    if (lastEventId !== undefined) headers.set("last-event-id", String(lastEventId));
    const response = await fetch(`${baseURL}/api/stream`, { headers });
    expect(response.status).toBe(200);
    return new SseReader(response);
  };
  const signals = async (stream: SseReader, count: number) => {
    await expect.poll(() => stream.of("signal").length, { timeout: 20_000 }).toBe(count);
    return stream.of("signal");
  };
  const first = await open();
  await expect.poll(() => first.of("hello").length).toBe(1);
  await ann.ask(ben);
  const [asked] = await signals(first, 1);
  STREAM_EVENTS.signal.parse(asked?.data);
  await first.cancel();
  await ben.accept(ann);
  await ann.contacts();
  await ann.trust(ben);
  const second = await open(asked?.id as number);
  const missed = await signals(second, 2);
  expect(missed.map(({ id }) => id)).toEqual([(asked?.id as number) + 1, (asked?.id as number) + 2]);
  await second.cancel();
});

test("a proof holds when another program computes it, and fails when a byte differs", async ({ meet }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  const { topicId, sequenceNumber } = await ann.ask(ben);
  await ann.contacts();
  const proof = ProofAnswer.parse(await (await ann.api.get(`/api/proof/${topicId}/${sequenceNumber}`)).json());
  expect(await verifyProof(proof)).toMatchObject({ kind: "verified" });
  const bytes = Buffer.from(proof.message.bytes, "base64");
  bytes[0] = (bytes[0] as number) ^ 1;
  const forged = { ...proof, message: { ...proof.message, bytes: bytes.toString("base64") } };
  expect(await verifyProof(forged)).toMatchObject({ kind: "failed" });
});

for (const [path, field] of [
  ["/api/signals?limit=0", "limit"],
  ["/api/signals?cursor=nonsense", "cursor"],
  ["/api/hcs/events?type=nonsense", "type"],
  ["/api/proof/nonsense/1", "topicId"],
] as const) {
  test(`bad input is refused by name: ${path}`, async ({ meet }) => {
    const answer = await (await meet("Ann")).api.get(path);
    expect(answer.status()).toBe(400);
    expect(Problem.parse(await answer.json())).toMatchObject({ code: "bad-input", field });
  });
}
