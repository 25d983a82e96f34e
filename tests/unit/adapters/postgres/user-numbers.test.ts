import { expect, it } from "vitest";
import { UserNumbers } from "@/lib/adapters/postgres/user-numbers";
import { user } from "@/tests/support/worlds/histories/batches";

const ANA = user("tm-ana");

/** A database in which a user has this number; it answers with what it was asked for. */
const having = (stored: number | null) => {
  const asked: (number | null)[] = [];
  const send = async ({ userNo }: { readonly userNo: number | null }) => {
    asked.push(userNo);
    return [{ userNo: stored, readOf: userNo ?? stored }];
  };
  return { asked, send };
};

it("asks for a user by number from the second read on", async () => {
  const numbers = new UserNumbers();
  const { asked, send } = having(7);
  for (let i = 0; i < 3; i += 1) expect(await numbers.read(ANA, send)).toEqual([{ userNo: 7, readOf: 7 }]);
  expect(asked).toEqual([null, 7, 7]);
});

it("knows the numbers that a commit has answered", async () => {
  const numbers = new UserNumbers();
  numbers.learn(["tm-ben", ANA], [3, 7]);
  const { asked, send } = having(7);
  await numbers.read(ANA, send);
  expect(asked).toEqual([7]);
});

it("reads again when the database gives the user another number", async () => {
  const numbers = new UserNumbers();
  numbers.learn([ANA], [7]);
  const { asked, send } = having(9);
  expect(await numbers.read(ANA, send)).toEqual([{ userNo: 9, readOf: 9 }]);
  await numbers.read(ANA, send);
  expect(asked).toEqual([7, 9, 9]);
});

it("reads again without a number when the database does not know the user any more", async () => {
  const numbers = new UserNumbers();
  numbers.learn([ANA], [7]);
  const { asked, send } = having(null);
  expect(await numbers.read(ANA, send)).toEqual([{ userNo: null, readOf: null }]);
  expect(asked).toEqual([7, null]);
});
