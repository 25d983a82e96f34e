import type { BrowserContext, Locator, Page } from "@playwright/test";
import { AdminStatus, OperatorLogAnswer } from "@/lib/wire/operators/admin";
import { ShardsAnswer } from "@/lib/wire/operators/shards";
import { DemoAnswer } from "@/lib/wire/sign-in/session";
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
  "/admin/lookup",
  "/admin/storage",
  "/admin/capacity",
  "/admin/log",
] as const;

/** Signs this browser in as the devnet's operator. */
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

  /** Answers reads with samples of a set-up of that size, each a step later than the one before. Returns the number of reads. */
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
      route.fulfill({ json: OperatorLogAnswer.parse(shardLog(Date.now())) }),
    );
    return () => step;
  }

  open = (path: string) => new Shell(this.page).open(path);

  /** Opens a topic by its address. Its dialog may open before the page behind it is ready. */
  async openTopic(topicId: string): Promise<void> {
    await this.page.goto(`/admin/topics?topic=${topicId}`);
    await this.dialog.getByRole("heading", { name: `Topic ${topicId}` }).waitFor();
  }

  place = (name: string) => this.page.getByRole("navigation", { name: "Operate" }).getByRole("link", { name }).click();

  /** Uses the button, because Escape closes a notice first. */
  close = () => this.dialog.getByRole("button", { name: "Close" }).click();

  table(name: string): Locator {
    return this.page.getByRole("table", { name });
  }

  /** Keys of the rows in their current order. */
  rowKeys(name: string): Promise<readonly string[]> {
    return this.table(name)
      .locator("[data-row]")
      .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-row") ?? ""));
  }

  sortBy = (table: string, head: string) =>
    this.table(table).getByRole("columnheader", { name: head }).getByRole("button").click();

  /** Opens a topic by its row and starts one of its actions. */
  async begin(topicId: string, action: "Audit" | "Resync" | "Start over" | "Pause" | "Resume"): Promise<void> {
    if (!(await this.dialog.isVisible())) await this.table("Topics").getByRole("button", { name: topicId }).click();
    await this.dialog.getByRole("button", { name: `${action}…` }).click();
  }

  /** The message through which the open topic is stored, as its dialog says; 0 where nothing is. */
  async storedThrough(): Promise<number> {
    const words = (await this.dialog.getByText(/^(Stored through|Nothing stored)/).textContent()) ?? "";
    return Number(/through ([\d,]+)/.exec(words)?.[1]?.replaceAll(",", "") ?? 0);
  }

  /** Opens a shard by its row. */
  openShard = (key: string) => this.table("Shards").getByRole("button", { name: key, exact: true }).click();

  /** A pending reshard, by its title. */
  pendingReshard = (title: string) =>
    this.page.getByRole("list", { name: "Splits and drains" }).getByRole("listitem").filter({ hasText: title });

  /** Types the phrase and sends the action. Returns its idempotency key. */
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
