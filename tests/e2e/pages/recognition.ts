import type { Locator, Page } from "@playwright/test";
import { Shell } from "./shell";

export class RecognitionPage {
  readonly received: Locator;

  constructor(private readonly page: Page) {
    this.received = page.getByRole("list", { name: "Received recognitions" }).getByRole("listitem");
  }

  open = () => new Shell(this.page).open("/recognition");

  card(title: string): Locator {
    return this.received.filter({ hasText: title });
  }

  showCatalogue = () => this.page.getByRole("tab", { name: /^Catalogue/ }).click();

  async give(contact: string, recognition: string, note: string): Promise<void> {
    await this.page.getByRole("button", { name: "Recognise somebody" }).click();
    const dialog = this.page.getByRole("dialog");
    await dialog.getByLabel("Who").selectOption({ label: contact });
    await dialog.getByLabel("For what").selectOption({ label: recognition });
    await dialog.getByLabel("A few words").fill(note);
    await dialog.getByRole("button", { name: "Recognise", exact: true }).click();
  }
}
