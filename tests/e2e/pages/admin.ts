import type { BrowserContext, Locator, Page } from "@playwright/test";
import { AdminStatus, AuditLogAnswer } from "@/lib/wire/admin";
import { DemoAnswer } from "@/lib/wire/session";
import { ShardsAnswer } from "@/lib/wire/shards";
import { shardLog, shardsAnswer } from "../../support/samples/admin-shards";
import { adminStatus, type StatusOptions } from "../../support/samples/admin-status";
import { Shell } from "./shell";

export const ADMIN_PLACES = [
  "/admin",
  "/admin/topics",
  "/admin/shards",
  "/admin/tiers",
  "/admin/mirror",
  "/admin/messages",
  "/admin/storage",
  "/admin/capacity",
  "/admin/audit",
] as const;

/** Gives this browser the session of the devnet's operator, the one whom every devnet lets in here. */
export async function enterAsOperator({ request }: BrowserContext): Promise<string> {
  const { people } = DemoAnswer.parse(await (await request.get("/api/auth/demo")).json());
  const operator = people.find(({ name }) => name === "Devnet operator");
  if (!operator) throw new Error("this devnet has no operator to sign in as");
  const answer = await request.post("/api/auth/demo", { data: { userId: operator.userId } });
  if (!answer.ok()) throw new Error(`the operator cannot sign in: ${answer.status()}`);
  return operator.userId;
}

export class AdminPage {
  readonly age: Locator;
  readonly incidents: Locator;
  readonly dialog: Locator;
  readonly confirmation: Locator;

  constructor(readonly page: Page) {
    this.age = page.getByTestId("age");
    this.incidents = page.getByRole("region", { name: "Incidents" });
    this.dialog = page.getByRole("dialog");
    this.confirmation = page.getByRole("alertdialog");
  }

  /** Reads answer as a set-up of that size would, each a step later than the one before. Returns how often it was asked. */
  async pretend(options: StatusOptions): Promise<() => number> {
    let step = 0;
    await this.page.route("**/api/admin/status", (route) => {
      step += 1;
      return route.fulfill({ json: AdminStatus.parse(adminStatus({ ...options, atMs: Date.now(), step })) });
    });
    await this.page.route("**/api/admin/shards", (route) =>
      route.fulfill({ json: ShardsAnswer.parse(shardsAnswer({ ...options, atMs: Date.now() })) }),
    );
    await this.page.route("**/api/admin/audit-log*", (route) =>
      route.fulfill({ json: AuditLogAnswer.parse(shardLog(Date.now())) }),
    );
    return () => step;
  }

  open = (path: string) => new Shell(this.page).open(path);

  /** By the address of one topic: its dialog may be open before the page behind it could be waited for. */
  async openTopic(topicId: string): Promise<void> {
    await this.page.goto(`/admin/topics?topic=${topicId}`);
    await this.dialog.getByRole("heading", { name: `Topic ${topicId}` }).waitFor();
  }

  place = (name: string) => this.page.getByRole("navigation", { name: "Operate" }).getByRole("link", { name }).click();

  /** By the button: Escape takes a notice away first where one is shown. */
  close = () => this.dialog.getByRole("button", { name: "Close" }).click();

  table(name: string): Locator {
    return this.page.getByRole("table", { name });
  }

  /** The rows of the one table that is sorted and filtered here, as they stand. */
  rowKeys(name: string): Promise<readonly string[]> {
    return this.table(name)
      .locator("[data-row]")
      .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-row") ?? ""));
  }

  sortBy = (table: string, head: string) =>
    this.table(table).getByRole("columnheader", { name: head }).getByRole("button").click();

  /** Opens a topic by its row and begins one of its actions. */
  async begin(topicId: string, action: "Audit" | "Resync" | "Pause" | "Resume"): Promise<void> {
    if (!(await this.dialog.isVisible())) await this.table("Topics").getByRole("button", { name: topicId }).click();
    await this.dialog.getByRole("button", { name: `${action}…` }).click();
  }

  /** Opens a shard by its row. */
  openShard = (key: string) => this.table("Shards").getByRole("button", { name: key, exact: true }).click();

  /** What is unfinished, by its title. */
  undertaking = (title: string) =>
    this.page.getByRole("list", { name: "Splits and drains" }).getByRole("listitem").filter({ hasText: title });

  /** Types the phrase and sends the action; gives the key that it was sent under. */
  async confirm(phrase: string): Promise<string> {
    const send = this.confirmation.getByRole("button").last();
    await this.confirmation.getByRole("textbox").fill(phrase);
    const [request] = await Promise.all([
      this.page.waitForRequest((sent) => sent.method() === "POST" && sent.url().includes("/api/admin/")),
      send.click(),
    ]);
    return request.headers()["idempotency-key"] ?? "";
  }
}
