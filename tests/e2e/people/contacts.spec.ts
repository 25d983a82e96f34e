import { expect, test } from "../support/test";

test("a contact request reaches the other person, is accepted, and bonds both on the ledger", async ({
  meet,
  enterAs,
  secondScreen,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.publish();
  const mine = await enterAs(ann);
  const theirs = await secondScreen(ben);
  await theirs.contacts.open();
  await theirs.contacts.showRequests();

  await mine.contacts.open();
  await mine.contacts.askStranger(ben.id);
  await expect(mine.contacts.outgoing(ben.id)).toBeVisible();
  await expect(mine.shell.notice(`You asked ${ben.id}`)).toBeVisible();

  // Nobody touches the second page: the stream brings the request.
  await expect(theirs.contacts.incoming("Ann")).toBeVisible();
  await expect(theirs.shell.place("Contacts")).toHaveAccessibleName(/1 person asks to be your contact/);
  await theirs.page.getByRole("button", { name: "Accept Ann" }).click();
  await expect(theirs.shell.notice("You and Ann are contacts")).toBeVisible();
  await theirs.contacts.showContacts();
  await expect(theirs.contacts.contact("Ann")).toBeVisible();

  await mine.contacts.showContacts();
  await expect(mine.contacts.contact(ben.id)).toBeVisible();
  expect((await ann.contacts()).contacts.map(({ peerId }) => peerId)).toEqual([ben.id]);
});

test("a request by id is confirmed with the name of the person, where that is known", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ben.ask(ann);
  const { contacts, shell } = await enterAs(ann);
  await contacts.open();
  await contacts.showRequests();
  await expect(contacts.incoming("Ben")).toBeVisible();
  await contacts.askById(ben.id);
  await expect(shell.notice("You asked Ben")).toBeVisible();
  // One of the people of this local ledger, whom nobody here knows.
  await contacts.askById("tm-kofi-mensah");
  await expect(shell.notice("You asked Kofi Mensah")).toBeVisible();
});

test("somebody has one name in lists to choose from, notices, rows and on their profile", async ({ meet, enterAs }) => {
  const { contacts, shell, page } = await enterAs(await meet("Ann"));
  await contacts.open();
  await page.getByRole("button", { name: "Add a contact" }).first().click();
  // Nothing on the ledger names the operator.
  await page.getByRole("searchbox", { name: "Search people" }).fill("Devnet operator");
  await page.getByRole("button", { name: /Devnet operator/ }).click();
  await expect(shell.notice("You asked Devnet operator")).toBeVisible();
  await expect(contacts.outgoing("Devnet operator")).toBeVisible();
  await contacts.outgoing("Devnet operator").getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1, name: "Devnet operator" })).toBeVisible();
});

test("a notice names the person as the row does whose name came with the request", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ben.publish();
  const { contacts, shell, page } = await enterAs(ann);
  await shell.open(`/profile/${ben.id}`);
  await page.getByRole("button", { name: "Ask to be contacts" }).click();
  await expect(shell.notice("You asked Ben")).toBeVisible();
  await contacts.open();
  await contacts.showRequests();
  await expect(contacts.outgoing("Ben")).toBeVisible();
});

test("the tab of requests counts those that wait for an answer of one's own, as the navigation does", async ({
  meet,
  enterAs,
}) => {
  const [ann, ben, cem, dan] = [await meet("Ann"), await meet("Ben"), await meet("Cem"), await meet("Dan")];
  await ann.ask(ben);
  await ann.ask(cem);
  const { contacts, shell, page } = await enterAs(ann);
  await contacts.open();
  const tab = page.getByRole("tab", { name: /^Requests/ });
  await expect(tab).toHaveText("Requests");
  await dan.ask(ann);
  await expect(tab).toHaveText("Requests1");
  await expect(shell.place("Contacts")).toHaveAccessibleName(/1 person asks to be your contact/);
  await contacts.showRequests();
  await expect(contacts.outgoing("Ben")).toBeVisible();
  await expect(contacts.incoming("Dan")).toBeVisible();
});

test("the page tells how people become contacts on this server", async ({ meet, enterAs, page }) => {
  const { contacts } = await enterAs(await meet("Ann"));
  await contacts.open();
  await expect(page.getByText("Here an accept counts even if nobody asked.")).toBeVisible();
  await page.route("**/api/auth/session", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), strictBonding: true } });
  });
  await contacts.open();
  await expect(page.getByText("one of you asked, the other accepted, both on the ledger.")).toBeVisible();
});

test("a contact is ended only after confirmation, and then on both sides", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, contacts, shell } = await enterAs(ann);
  await contacts.open();
  await contacts.act("Ben", "End contact…");
  await page.getByRole("button", { name: "Keep it as it is" }).click();
  await expect(contacts.contact("Ben")).toBeVisible();

  await contacts.act("Ben", "End contact…");
  await contacts.confirm();
  await expect(shell.notice("Contact with Ben ended")).toBeVisible();
  await expect(contacts.contact("Ben")).toHaveCount(0);
  await expect.poll(async () => (await ben.contacts()).contacts).toEqual([]);
});

test("contacts are searched and sorted", async ({ meet, enterAs }) => {
  const me = await meet("Me");
  const [amy, zed] = [await meet("Amy"), await meet("Zed")];
  await me.bond(amy, zed);
  await zed.trust(me);
  const { page, contacts } = await enterAs(me);
  await contacts.open();
  await expect(contacts.list).toHaveText([/Amy/, /Zed.*Trusts you/s]);
  await page.getByLabel("Order").selectOption("Newest first");
  await expect(contacts.list).toHaveText([/Zed/, /Amy/]);
  await contacts.search.fill("am");
  await expect(contacts.list).toHaveText([/Amy/]);
  await contacts.search.fill("nobody");
  await expect(page.getByText("None of your contacts goes by that name or id.")).toBeVisible();
});

test("a malformed id and one's own id are refused before anything is sent", async ({ meet, enterAs }) => {
  const ann = await meet("Ann");
  const { page, contacts } = await enterAs(ann);
  await contacts.open();
  await contacts.askById("two words");
  await expect(page.getByText(/An id has 1 to 50 characters/)).toBeVisible();
  await page.getByLabel("Account id").fill("0.0.abc");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await expect(
    page.getByText("No account can have the id 0.0.abc. An account id looks like 0.0.7226146."),
  ).toBeVisible();
  await page.getByLabel("Account id").fill(ann.id);
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await expect(page.getByText("That is you.")).toBeVisible();
  expect((await ann.signals()).items).toEqual([]);
});
