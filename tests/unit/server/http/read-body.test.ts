/** A body that breaks off is the client's doing: an answer, and no failure of ours. An empty one is no body. */
import { expect, it } from "vitest";
import { MAX_BODY_BYTES, readJsonBody } from "@/lib/server/http/read-body";
import { DrivenClock } from "../../../support/control/driven-clock";

const broken = (cause: unknown) =>
  new Request("http://app.test/api/hcs/submit", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: new ReadableStream({
      start: (stream) => {
        stream.enqueue(new TextEncoder().encode('{"a":'));
        stream.error(cause);
      },
    }),
    duplex: "half",
  } as RequestInit);

it.each([new Error("aborted"), new Error("HPE_INVALID_CHUNK_SIZE"), "reset"])(
  "a body that breaks off is bad input, with a sentence: %s",
  async (cause) => {
    await expect(readJsonBody(broken(cause), new DrivenClock())).rejects.toMatchObject({
      code: "bad-input",
      detail: "The body ended before it was complete. Send the request again.",
    });
  },
);

it.each([
  ["no JSON", "{", "Send a JSON object as /api/openapi.json describes it for this address."],
  ["too large", "x".repeat(MAX_BODY_BYTES + 1), "larger than 65,536 bytes. Send at most that many."],
  ["nested too deeply", "[".repeat(33), "Nest at most 32 objects and lists in each other."],
])("a body that is %s is refused with what to do", async (_, body, words) => {
  const headers = { "content-type": "application/json" };
  const request = new Request("http://app.test/api/hcs/submit", { method: "POST", headers, body });
  await expect(readJsonBody(request, new DrivenClock())).rejects.toMatchObject({
    detail: expect.stringContaining(words),
    options: { field: "body" },
  });
});

it.each<Record<string, string>>([
  {},
  { "content-type": "application/json" },
  { "content-type": "application/json; charset=utf-8", "content-length": "0" },
  { "content-length": "00" },
])("is nothing where a POST has no body, with these headers: %o", async (headers) => {
  const request = new Request("http://app.test/api/hcs22/resolve", { method: "POST", headers });
  await expect(readJsonBody(request, new DrivenClock())).resolves.toBeUndefined();
});
