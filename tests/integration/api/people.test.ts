/** Before somebody writes to an id that they have typed, the page asks whether anybody uses it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-bob", to: "tm-carol" });
  t.devnet.submit(t.devnet.topics.profile, { actor: "tm-dan", displayName: "Dan" });
  await t.sync();
});
afterAll(() => t.close());

const find = (id: string) => t.json(`/api/people/${encodeURIComponent(id)}`, ALICE);
const requests = () => t.devnet.requests.counts().total;

it.each(["tm-bob", "tm-carol", "tm-dan"])(
  "an id is known if its user wrote a message, or one concerns it: %s",
  async (id) => {
    const before = requests();
    expect(await find(id)).toEqual({ userId: id, known: true, account: null });
    expect(requests()).toBe(before);
  },
);

it("for an unused account id, the answer says whether the ledger has that account", async () => {
  expect(await find("tm-nobody")).toEqual({ userId: "tm-nobody", known: false, account: null });
  expect(await find(t.devnet.operatorId)).toEqual({ userId: t.devnet.operatorId, known: false, account: true });
  const before = requests();
  expect(await find("0.0.999999")).toEqual({ userId: "0.0.999999", known: false, account: false });
  expect(requests()).toBe(before + 1);
});

it("no account has an id that begins as an account id and is none, and no mirror is asked", async () => {
  const before = requests();
  for (const id of ["0.0.abc", "0.0.0"]) expect(await find(id)).toEqual({ userId: id, known: false, account: false });
  expect(requests()).toBe(before);
});

it("while no mirror answers, the account is unknown", async () => {
  const fault = t.devnet.faults.add({ kind: "reset" });
  expect(await find("0.0.999998")).toEqual({ userId: "0.0.999998", known: false, account: null });
  t.devnet.faults.remove(fault);
});

it("a malformed id is refused with a sentence", async () => {
  const answer = await t.ask("GET", "/api/people/two%20words", ALICE);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ field: "userId", detail: expect.stringContaining("1 to 50 characters") });
});

describe("a demo sign-in", () => {
  const signIn = (userId: string) => t.ask("POST", "/api/auth/demo", null, { body: { userId } });

  it.each(["tm-nobody-yet", "0.0.999999"])("takes a demo person, and somebody new: %s", async (userId) => {
    const response = await signIn(userId);
    expect([response.status, await response.json()]).toMatchObject([200, { userId }]);
  });

  it.each(["alice", "tm-", "TM-alice", "0.0", "no one", ""])("says what to enter instead of %j", async (userId) => {
    const response = await signIn(userId);
    expect(response.status).toBe(400);
    expect(response.headers.get("set-cookie")).toBeNull();
    const { field, detail } = (await response.json()) as { field: string; detail: string };
    expect(field).toBe("userId");
    if (userId !== "" && userId !== "no one") expect(detail).toMatch(/demo person.*0\.0\..*tm-/);
  });
});
