import type { Locator, Page } from "@playwright/test";

export class Shell {
  readonly freshness: Locator;
  readonly account: Locator;

  constructor(private readonly page: Page) {
    this.freshness = page.getByTestId("freshness").filter({ visible: true });
    this.account = page.getByRole("button", { name: /^Account of/ }).filter({ visible: true });
  }

  /** The page has its title and nothing on it is loading any more. */
  async open(path: string): Promise<void> {
    await this.page.goto(path);
    await this.settled();
  }

  async settled(): Promise<void> {
    await this.page.getByRole("heading", { level: 1 }).waitFor();
    await this.page.waitForFunction(() => !document.querySelector("main [role=status][aria-label]"));
  }

  place(name: string): Locator {
    return this.page.getByRole("navigation", { name: "Main" }).filter({ visible: true }).getByRole("link", { name });
  }

  async chooseTheme(name: "Light" | "Dark" | "Like the system"): Promise<void> {
    await this.account.click();
    await this.page.getByRole("menuitemradio", { name }).click();
  }

  async signOut(): Promise<void> {
    await this.account.click();
    await this.page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
  }

  notice(text: string | RegExp): Locator {
    return this.page
      .getByRole("region", { name: /^Notifications/ })
      .getByText(text)
      .first();
  }
}
