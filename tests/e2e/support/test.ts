import { type BrowserContext, test as base, expect, type Page } from "@playwright/test";
import { CirclePage } from "../pages/circle";
import { ContactsPage } from "../pages/contacts";
import { ProfilePage } from "../pages/profile";
import { RecognitionPage } from "../pages/recognition";
import { Shell } from "../pages/shell";
import { SignalsPage } from "../pages/signals";
import { documentedApi } from "./documented-api";
import { Person } from "./person";

export interface Screen {
  readonly page: Page;
  readonly shell: Shell;
  readonly signals: SignalsPage;
  readonly contacts: ContactsPage;
  readonly circle: CirclePage;
  readonly recognition: RecognitionPage;
  readonly profile: ProfilePage;
}

const screenOf = (page: Page): Screen => ({
  page,
  shell: new Shell(page),
  signals: new SignalsPage(page),
  contacts: new ContactsPage(page),
  circle: new CirclePage(page),
  recognition: new RecognitionPage(page),
  profile: new ProfilePage(page),
});

interface Fixtures {
  /** Makes a person of that name, with an id of their own. */
  meet(name: string): Promise<Person>;
  /** The test's page, in that person's session. */
  enterAs(person: Person): Promise<Screen>;
  /** Another browser beside it. */
  secondScreen(person: Person): Promise<Screen>;
}

/** Everything that a page of this context was refused by its content security policy, as it happens. */
async function policyViolations(context: BrowserContext): Promise<string[]> {
  const found: string[] = [];
  await context.exposeBinding("reportPolicyViolation", (_, violation: string) => void found.push(violation));
  await context.addInitScript(() => {
    const report = (globalThis as unknown as { reportPolicyViolation(violation: string): void }).reportPolicyViolation;
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, sample }) =>
      report(`${violatedDirective}: ${blockedURI} in ${sourceFile} ${sample} at ${location.pathname}`),
    );
  });
  // The browser reports errors that come before the page can listen.
  context.on("console", (message) => {
    if (/content security policy/i.test(message.text())) found.push(message.text());
  });
  return found;
}

export const test = base.extend<Fixtures>({
  context: async ({ context }, use) => {
    const violations = await policyViolations(context);
    await use(context);
    expect(violations, "the content security policy was kept").toEqual([]);
  },
  request: async ({ request }, use) => use(documentedApi(request)),
  meet: async ({ playwright, baseURL }, use) => {
    const apis: { dispose(): Promise<void> }[] = [];
    await use(async (name) => {
      const api = await playwright.request.newContext({ ...(baseURL ? { baseURL } : {}) });
      apis.push(api);
      return Person.create(name, documentedApi(api));
    });
    await Promise.all(apis.map((api) => api.dispose()));
  },
  enterAs: async ({ page, context }, use) => {
    await use(async (person) => {
      await person.enter(context);
      return screenOf(page);
    });
  },
  secondScreen: async ({ browser, contextOptions, baseURL }, use) => {
    const contexts: { close(): Promise<void> }[] = [];
    const violations: string[][] = [];
    await use(async (person) => {
      const context = await browser.newContext({ ...contextOptions, ...(baseURL ? { baseURL } : {}) });
      contexts.push(context);
      violations.push(await policyViolations(context));
      await person.enter(context);
      return screenOf(await context.newPage());
    });
    await Promise.all(contexts.map((context) => context.close()));
    expect(violations.flat(), "the content security policy was kept").toEqual([]);
  },
});

export { expect } from "@playwright/test";
