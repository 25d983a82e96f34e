import type { Page } from "@playwright/test";
import { Shell } from "./shell";

export class ProfilePage {
  constructor(private readonly page: Page) {}

  open = (id: string) => new Shell(this.page).open(`/profile/${encodeURIComponent(id)}`);

  async publish(fields: { name: string; handle: string; about: string }): Promise<void> {
    await this.page.getByLabel("Name", { exact: true }).fill(fields.name);
    await this.page.getByLabel("Handle").fill(fields.handle);
    await this.page.getByLabel("About you").fill(fields.about);
    await this.page.getByRole("button", { name: "Publish" }).click();
  }
}
