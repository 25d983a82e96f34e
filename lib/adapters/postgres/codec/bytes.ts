/** Writes and reads numbers and bytes one after the other. */
import { unzigzag, varint, zigzag } from "./varint";

export class ByteWriter {
  private readonly pieces: Uint8Array[] = [];
  private open: number[] = [];

  /** A whole number from 0. */
  number(value: number): void {
    if (value < 128) this.open.push(value);
    else this.open.push(...varint(BigInt(value)));
  }

  /** A whole number of either sign and any size. */
  signed(value: bigint): void {
    this.open.push(...varint(zigzag(value)));
  }

  /** A safe integer of either sign and at most 52 bits. Reads faster than `signed`. */
  step(value: number): void {
    this.number(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A whole number from 0, or null. */
  option(value: number | null): void {
    this.number(value === null ? 0 : value + 1);
  }

  bytes(bytes: Uint8Array): void {
    this.pieces.push(Buffer.from(this.open), bytes);
    this.open = [];
  }

  /** Everything that was written. */
  end(): Uint8Array {
    return Buffer.concat([...this.pieces, Buffer.from(this.open)]);
  }
}

/** Each method throws RangeError where the bytes end too early. */
export class ByteReader {
  private at = 0;

  constructor(private readonly source: Uint8Array) {}

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new RangeError("the stored number is too large");
      if (byte < 128) return value;
    }
  }

  signed(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return unzigzag(value);
    }
  }

  step(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  option(): number | null {
    const value = this.number();
    return value === 0 ? null : value - 1;
  }

  /** A copy, which shares no memory with the source. */
  bytes(length: number): Uint8Array {
    return new Uint8Array(this.view(length));
  }

  /** Passes over bytes, and returns them where they lie. */
  view(length: number): Uint8Array {
    if (this.at + length > this.source.length) throw new RangeError("the stored bytes are cut short");
    const view = this.source.subarray(this.at, this.at + length);
    this.at += length;
    return view;
  }

  /** Everything that is left, where it lies. */
  rest(): Uint8Array {
    return this.source.subarray(this.at);
  }

  private byte(): number {
    const byte = this.source[this.at];
    if (byte === undefined) throw new RangeError("the stored bytes are cut short");
    this.at += 1;
    return byte;
  }
}
