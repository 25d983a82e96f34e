import type { Locator, Page } from "@playwright/test";
import { Shell } from "./shell";

export class CirclePage {
  readonly seats: Locator;
  readonly taken: Locator;
  readonly trusted: Locator;

  constructor(private readonly page: Page) {
    this.seats = page.locator("[data-seat]");
    this.taken = page.locator("[data-seat][data-kind=taken]");
    this.trusted = page.getByRole("list", { name: "You trust", exact: true }).getByRole("listitem");
  }

  open = () => new Shell(this.page).open("/circle");

  stat(name: "given" | "received" | "contacts"): Locator {
    return this.page
      .locator("dl > div")
      .filter({ has: this.page.getByText(name, { exact: true }) })
      .locator("dd");
  }

  async give(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "Give trust", exact: true }).click();
    await this.page.getByRole("dialog").getByRole("button", { name }).click();
  }

  takeBack = (name: string) =>
    this.page
      .getByRole("button", { name: `Take trust back from ${name}` })
      .first()
      .click();
}
