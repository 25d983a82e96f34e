/** Text that somebody has typed on a page, and that is lost when another page takes its place. */

/** A field of a page that may hold text. */
interface Field {
  readonly isConnected: boolean;
  readonly value: string;
  readonly type: string;
}

/** Fields whose value is a choice, not text. */
const CHOICES: ReadonlySet<string> = new Set([
  ...["checkbox", "radio", "range", "color", "file", "select-one", "select-multiple"],
]);

const isField = (target: unknown): target is Field =>
  typeof target === "object" &&
  target !== null &&
  "isConnected" in target &&
  "value" in target &&
  "type" in target &&
  typeof target.type === "string" &&
  !CHOICES.has(target.type);

/** Remembers in which fields somebody has typed. */
export class TypedText {
  private fields: readonly Field[] = [];

  /** Notes the target of an `input` event. */
  note(target: unknown): void {
    if (!isField(target) || this.fields.includes(target)) return;
    this.fields = [...this.shown(), target];
  }

  /** Whether one of the fields is still shown and has text. */
  isThere(): boolean {
    return this.shown().some(({ value }) => value.trim() !== "");
  }

  private shown(): readonly Field[] {
    return this.fields.filter(({ isConnected }) => isConnected);
  }
}
