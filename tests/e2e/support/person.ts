/** People made for one test: nobody else touches them, so tests run side by side on one ledger. */
import { randomUUID } from "node:crypto";
import type { APIRequestContext, BrowserContext } from "@playwright/test";
import type { CircleAnswer, ContactsAnswer } from "@/lib/wire/contacts";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { SubmitAnswer } from "@/lib/wire/submit";

type Payload = Readonly<Record<string, unknown>>;

export class Person {
  /** Messages of this person, for readers to wait for. */
  private lastWrite: string | null = null;
  private nonce = 0;

  private constructor(
    readonly id: string,
    readonly name: string,
    readonly api: APIRequestContext,
  ) {}

  static async create(name: string, api: APIRequestContext): Promise<Person> {
    const id = `tm-${name.toLowerCase().replaceAll(" ", "-")}-${randomUUID().slice(0, 8)}`;
    const person = new Person(id, name, api);
    await person.signIn(api);
    return person;
  }

  private async signIn(api: APIRequestContext): Promise<void> {
    const answer = await api.post("/api/auth/demo", { data: { userId: this.id } });
    if (!answer.ok()) throw new Error(`${this.id} cannot sign in: ${answer.status()} ${await answer.text()}`);
  }

  /** Gives this browser this person's session. */
  async enter(context: BrowserContext): Promise<void> {
    await this.signIn(context.request);
  }

  async write(type: string, payload: Payload): Promise<SubmitAnswer> {
    this.nonce = Math.max(Date.now(), this.nonce + 1);
    const data = { type, from: this.id, nonce: this.nonce, ts: Math.floor(Date.now() / 1_000), payload };
    const answer = await this.api.post("/api/hcs/submit", { data });
    if (!answer.ok()) throw new Error(`${type} of ${this.id}: ${answer.status()} ${await answer.text()}`);
    const submitted = SubmitAnswer.parse(await answer.json());
    this.lastWrite = submitted.minSequence;
    return submitted;
  }

  publish(): Promise<SubmitAnswer> {
    return this.write("PROFILE_UPDATE", { displayName: this.name, handle: this.name.toLowerCase(), bio: "" });
  }

  ask(peer: Person): Promise<SubmitAnswer> {
    return this.write("CONTACT_REQUEST", { target: peer.id, handle: this.name });
  }

  accept(peer: Person): Promise<SubmitAnswer> {
    return this.write("CONTACT_ACCEPT", { target: peer.id, handle: this.name });
  }

  async bond(...peers: readonly Person[]): Promise<void> {
    for (const peer of peers) {
      await this.ask(peer);
      this.lastWrite = (await peer.accept(this)).minSequence;
    }
    // Trust is refused until the bond is known.
    await Promise.all([this, ...peers].map((person) => person.contacts()));
  }

  trust(peer: Person): Promise<SubmitAnswer> {
    return this.write("TRUST_ALLOCATE", { target: peer.id, weight: 1 });
  }

  contacts = () => this.read<ContactsAnswer>("/api/contacts");
  circle = () => this.read<CircleAnswer>("/api/circle");
  signals = () => this.read<SignalsAnswer>("/api/signals?limit=100");

  private async read<T>(path: string): Promise<T> {
    const headers: Record<string, string> = this.lastWrite ? { "if-min-sequence": this.lastWrite } : {};
    const answer = await this.api.get(path, { headers });
    if (!answer.ok()) throw new Error(`${path} for ${this.id}: ${answer.status()} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}
