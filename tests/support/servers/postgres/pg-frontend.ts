/** Finds the statements that a client runs in PostgreSQL's protocol, version 3. */

/** Codes of requests that may come before the startup message: cancel, SSL, GSS. Startup follows after SSL and GSS. */
const CODES_BEFORE_STARTUP = new Set([80_877_103, 80_877_104]);

export class StatementReader {
  #unread: Buffer = Buffer.alloc(0);
  #isStarted = false;
  /** Verbs of statements, by the name of the prepared statement. */
  readonly #prepared = new Map<string, string>();
  /** Verbs of statements, by the name of the portal. */
  readonly #portals = new Map<string, string>();

  /** Verbs of the statements that `chunk` runs. A message may span several chunks. */
  read(chunk: Buffer): string[] {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    const verbs: string[] = [];
    for (;;) {
      // A length includes itself, but not the type byte before it.
      const lengthAt = this.#isStarted ? 1 : 0;
      if (this.#unread.length < lengthAt + 4) return verbs;
      const end = lengthAt + this.#unread.readInt32BE(lengthAt);
      if (this.#unread.length < end) return verbs;
      const type = this.#isStarted ? String.fromCharCode(this.#unread[0] ?? 0) : "";
      const body = this.#unread.subarray(lengthAt + 4, end);
      this.#unread = this.#unread.subarray(end);
      if (this.#isStarted) verbs.push(...this.#message(type, body));
      else this.#isStarted = !CODES_BEFORE_STARTUP.has(body.readInt32BE(0));
    }
  }

  #message(type: string, body: Buffer): string[] {
    const [first = "", second = ""] = body.toString("utf8").split("\0", 2);
    switch (type) {
      case "Q":
        return [verbOf(first)];
      case "P":
        this.#prepared.set(first, verbOf(second));
        return [];
      case "B":
        this.#portals.set(first, this.#prepared.get(second) ?? "UNKNOWN");
        return [];
      case "E":
        return [this.#portals.get(first) ?? "UNKNOWN"];
      default:
        return [];
    }
  }
}

/** The first word of a statement, in capitals. */
export function verbOf(sql: string): string {
  const start = sql.replace(/^(\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, "");
  return /^[a-z]+/i.exec(start)?.[0].toUpperCase() ?? "EMPTY";
}
