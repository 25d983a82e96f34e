/**
 * Writes JSON texts column by column, and gives back exactly their bytes. A text is cut into its template (keys, braces, commas) and its
 * values. Templates and values that repeat are written once, and whole numbers as the distance from the one before under the same
 * key. Devnet-like messages compress to 17 bytes this way, and to 27 one after the other.
 *
 * The cuts are made by the form of the text alone, so a text that is not JSON comes back unchanged, too.
 *
 *   templates ‖ words ‖ template of each text ‖ columns, by the first text that has one ‖ length of each text without template ‖ those
 */
import type { ByteReader, ByteWriter } from "./bytes";

/** Stands for a value in a template. A text that holds it is written as it is. */
const VALUE = "\0";
/** A string or a number. A string without an end goes on to the end of the text: otherwise each quote in it would be tried in turn. */
const TOKEN = /"((?:[^"\\]|\\.)*)(?:"|\\?$)|-?\d+/gs;
/** A key in a template, or a value. No key holds a value, however odd the text. */
const PLACE = /"((?:[^"\\\0]|\\[^\0])*)":|\0/g;

/** How a column is written. */
const COLUMN = { words: 0, numbers: 1 } as const;

interface Cut {
  readonly template: string;
  readonly values: readonly string[];
}

/** Null for a text that is to be written as it is. */
function cut(text: string): Cut | null {
  if (!text.startsWith("{") || text.includes(VALUE)) return null;
  const values: string[] = [];
  const template = text.replace(TOKEN, (token: string, inner: string | undefined, at: number) => {
    if (inner === undefined) {
      values.push(token);
      return VALUE;
    }
    if (text[at + token.length] === ":") return token;
    values.push(inner);
    return `"${VALUE}${token.slice(1 + inner.length)}`;
  });
  return { template, values };
}

/** For each value of a template, the key before it. */
function keysOf(template: string): readonly string[] {
  const keys: string[] = [];
  let key = "";
  for (const [, name] of template.matchAll(PLACE)) {
    if (name === undefined) keys.push(key);
    else key = name;
  }
  return keys;
}

/**
 * Texts, each stored once, in the order of their first use. A use of a text is written as a distance: 0 is the next new text, 1 the
 * newest of those used before, 2 the one before that. So texts that come again soon have small numbers.
 */
class Vocabulary {
  private readonly numbers = new Map<string, number>();

  distanceTo(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return this.numbers.size - known;
    this.numbers.set(text, this.numbers.size);
    return 0;
  }

  write(to: ByteWriter): void {
    const texts = [...this.numbers.keys()];
    to.number(texts.length);
    for (const { length } of texts) to.number(length);
    to.bytes(Buffer.from(texts.join(""), "latin1"));
  }

  /** Reads the texts. Returns a function that turns distances into texts. It takes them in the order in which they were written. */
  static read(from: ByteReader): (distance: number) => string {
    const lengths = Array.from({ length: from.number() }, () => from.number());
    const all = latin1(from.view(lengths.reduce((sum, length) => sum + length, 0)));
    let end = 0;
    const texts = lengths.map((length) => {
      end += length;
      return all.slice(end - length, end);
    });
    let known = 0;
    return (distance) => {
      if (distance === 0) known += 1;
      return at(texts, distance === 0 ? known - 1 : known - distance);
    };
  }
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

/** A whole number that is written in one way only. The distance of two such numbers is a safe integer. */
const NUMBER = /^(?:0|-?[1-9]\d{0,14})$/;
const isNumber = (value: string): boolean => NUMBER.test(value);

/** Writes texts column by column. `readTexts` gives them back byte for byte, in the same order. */
export function writeTexts(to: ByteWriter, texts: readonly Uint8Array[]): void {
  const [templates, words] = [new Vocabulary(), new Vocabulary()];
  const columns = new Map<string, string[]>();
  const keys = new Map<string, readonly string[]>();
  const uncut: Uint8Array[] = [];
  const distances = texts.map((bytes) => {
    const parts = cut(latin1(bytes));
    if (parts === null) {
      uncut.push(bytes);
      return null;
    }
    const places = keys.get(parts.template) ?? keysOf(parts.template);
    keys.set(parts.template, places);
    for (const [i, key] of places.entries()) {
      const column = columns.get(key) ?? [];
      columns.set(key, column);
      column.push(parts.values[i] as string);
    }
    return templates.distanceTo(parts.template);
  });
  const kinds = [...columns.values()].map((column) => (column.every(isNumber) ? COLUMN.numbers : COLUMN.words));
  const wordDistances = [...columns.values()].map((column, i) =>
    kinds[i] === COLUMN.numbers ? [] : column.map((value) => words.distanceTo(value)),
  );
  templates.write(to);
  words.write(to);
  for (const distance of distances) to.option(distance);
  for (const [i, column] of [...columns.values()].entries()) {
    to.number(kinds[i] as number);
    for (const distance of wordDistances[i] as readonly number[]) to.number(distance);
    if (kinds[i] === COLUMN.numbers)
      column.map(Number).reduce((before, value) => {
        to.step(value - before);
        return value;
      }, 0);
  }
  for (const { length } of uncut) to.number(length);
  for (const bytes of uncut) to.bytes(bytes);
}

/** A template that texts of one segment share. */
interface Template {
  /** The text before, between and after the values. */
  readonly pieces: readonly string[];
  /** For each value, the number of its column. */
  readonly columns: readonly number[];
}

/** Reads this many texts. Returns a function that gives each by its place, from 0. Throws RangeError if the bytes are damaged. */
export function readTexts(from: ByteReader, count: number): (place: number) => Uint8Array {
  const templateAt = Vocabulary.read(from);
  const wordAt = Vocabulary.read(from);
  const columnOf = new Map<string, number>();
  const known = new Map<string, Template>();
  const numberOf = (key: string) => columnOf.get(key) ?? columnOf.set(key, columnOf.size).size - 1;
  /** Null for a text that is written as it is. */
  const templates = Array.from({ length: count }, () => {
    const distance = from.option();
    if (distance === null) return null;
    const text = templateAt(distance);
    const template = known.get(text) ?? { pieces: text.split(VALUE), columns: keysOf(text).map(numberOf) };
    known.set(text, template);
    return template;
  });
  const lengths = new Array<number>(columnOf.size).fill(0);
  /** Where the values of all texts are in their columns, text by text, and where those of each text begin here. */
  const places = new Int32Array(templates.reduce((sum, template) => sum + (template?.columns.length ?? 0), 0));
  let end = 0;
  const starts = templates.map((template) => {
    const start = end;
    for (const column of template?.columns ?? []) {
      const place = lengths[column] as number;
      places[end] = place;
      lengths[column] = place + 1;
      end += 1;
    }
    return start;
  });
  const columns = lengths.map((length) => readColumn(from, wordAt, length));
  const uncutLengths = templates.map((template) => (template === null ? from.number() : 0));
  const uncut = uncutLengths.map((length) => from.view(length));
  return (place) => {
    const template = at(templates, place);
    if (template === null) return new Uint8Array(at(uncut, place));
    let next = at(starts, place);
    let [text = ""] = template.pieces;
    for (const [i, column] of template.columns.entries()) {
      const value = at(columns, column)[places[next] as number];
      text += String(value) + (template.pieces[i + 1] as string);
      next += 1;
    }
    const bytes = new Uint8Array(text.length);
    Buffer.from(bytes.buffer).write(text, "latin1");
    return bytes;
  };
}

function readColumn(
  from: ByteReader,
  wordAt: (distance: number) => string,
  length: number,
): readonly string[] | readonly number[] {
  if (from.number() === COLUMN.words) return Array.from({ length }, () => wordAt(from.number()));
  let value = 0;
  return Array.from({ length }, () => {
    value += from.step();
    return value;
  });
}

function at<T>(list: readonly T[], place: number): T {
  if (place < 0 || place >= list.length) throw new RangeError("the stored texts are damaged");
  return list[place] as T;
}
