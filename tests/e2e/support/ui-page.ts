/**
 * The script of a small page that shows a person's contacts and circle out of the person's own mirror, as the TrustMesh web UI does:
 * the person is the one in `localStorage["tm:users"]`, and the page polls every ten seconds.
 */
import { type MirrorPage, UiReader, type UiTopics } from "../../support/ui/ui-reader";

const POLL_MS = 10_000;

const topics = JSON.parse(document.body.dataset.topics ?? "{}") as UiTopics;
const [me] = JSON.parse(localStorage.getItem("tm:users") ?? "[]") as { hederaAccountId: string }[];

async function ask(path: string): Promise<MirrorPage | null> {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  return response.status === 200 ? ((await response.json()) as MirrorPage) : null;
}

const reader = new UiReader({
  ...{ userId: me?.hederaAccountId ?? "", topics, ask, base: "/api/me/api/v1" },
  ...{ nowMs: Date.now, storage: localStorage },
});

function list(name: string, items: readonly string[]): HTMLElement {
  const element = document.createElement("ul");
  element.ariaLabel = name;
  element.replaceChildren(
    ...items.map((item) => {
      const line = document.createElement("li");
      line.textContent = item;
      return line;
    }),
  );
  return element;
}

function show(): void {
  const contacts = reader.contacts();
  const nameOf = (peer: string) => contacts.get(peer) ?? peer;
  const status = document.createElement("p");
  status.role = "status";
  status.textContent = `${contacts.size} contacts of ${me?.hederaAccountId}`;
  document.body.replaceChildren(
    status,
    list("Contacts", [...contacts.keys()].map(nameOf)),
    list("Circle", reader.circle().map(nameOf)),
  );
}

async function main(): Promise<void> {
  await reader.start();
  for (;;) {
    show();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    await reader.poll();
  }
}

void main();
