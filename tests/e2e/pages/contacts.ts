import type { Locator, Page } from "@playwright/test";
import { Shell } from "./shell";

export class ContactsPage {
  readonly list: Locator;
  readonly search: Locator;

  constructor(private readonly page: Page) {
    this.list = page.getByRole("list", { name: "Contacts" }).getByRole("listitem");
    this.search = page.getByRole("searchbox", { name: "Search contacts" });
  }

  open = () => new Shell(this.page).open("/contacts");

  contact(name: string): Locator {
    return this.list.filter({ hasText: name });
  }

  incoming(name: string): Locator {
    return this.page.getByRole("region", { name: "Asking you" }).getByRole("listitem").filter({ hasText: name });
  }

  outgoing(name: string): Locator {
    return this.page.getByRole("region", { name: "You asked" }).getByRole("listitem").filter({ hasText: name });
  }

  showRequests = () => this.page.getByRole("tab", { name: /^Requests/ }).click();
  showContacts = () => this.page.getByRole("tab", { name: /^Contacts/ }).click();

  async askById(id: string): Promise<void> {
    await this.page.getByRole("button", { name: "Add a contact" }).first().click();
    await this.page.getByLabel("Account id").fill(id);
    await this.page.getByRole("button", { name: "Ask", exact: true }).click();
  }

  /** Asks somebody whose id nobody has used, which the page asks about first. */
  async askStranger(id: string): Promise<void> {
    await this.askById(id);
    await this.page.getByRole("alert").filter({ hasText: "Nobody with this id has used TrustMesh yet." }).waitFor();
    await this.page.getByRole("button", { name: "Ask anyway" }).click();
  }

  async act(name: string, action: string): Promise<void> {
    await this.page.getByRole("button", { name: `Actions for ${name}` }).click();
    await this.page.getByRole("menuitem", { name: action }).click();
  }

  confirm = () => this.page.getByRole("alertdialog").getByRole("button", { name: "End contact" }).click();
}
