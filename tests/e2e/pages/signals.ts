import type { Locator, Page } from "@playwright/test";
import { Shell } from "./shell";

export class SignalsPage {
  readonly rows: Locator;
  readonly pill: Locator;

  constructor(private readonly page: Page) {
    this.rows = page.locator("[data-signal]");
    this.pill = page.getByRole("button", { name: /^\d+ new$/ });
  }

  open = () => new Shell(this.page).open("/signals");

  row(text: string | RegExp): Locator {
    return this.rows.filter({ hasText: text });
  }

  filter = (name: string) => this.page.getByRole("radio", { name }).click();

  /** Opens the proof of a row and gives its verdict. */
  async check(row: Locator): Promise<Locator> {
    await row.getByRole("button", { name: /in this browser$/ }).click();
    return this.proof.getByTestId("verdict");
  }

  get proof(): Locator {
    return this.page.getByRole("dialog", { name: "Proof of this message" });
  }
}
