/**
 * A minimal client of the Redis protocol (RESP2), for stand-ins that pass answers on. Unlike a library, it tells statuses from
 * strings, keeps bytes as bytes, and returns errors as values.
 */
import { connect, type Socket } from "node:net";

export class RedisStatus {
  constructor(readonly text: string) {}
}

/** An error that Redis answered, and not a failure of the connection. */
export class RedisError extends Error {}

export type Reply = RedisStatus | RedisError | Buffer | number | null | readonly Reply[];
export type Command = readonly (string | Buffer)[];

export class RespConnection {
  #unread: Buffer = Buffer.alloc(0);
  readonly #waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = [];
  #failure: Error | null = null;
  #onPush: ((reply: Reply) => void) | null = null;

  private constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (data) => this.#read(data));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("redis closed the connection")));
  }

  static open(port: number): Promise<RespConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new RespConnection(socket));
      });
    });
  }

  get isOpen(): boolean {
    return this.#failure === null;
  }

  /** Sends the commands in one write, so that no other caller's commands come between them. */
  send(commands: readonly Command[]): Promise<Reply[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    const replies = commands.map(
      () => new Promise<Reply>((resolve, reject) => this.#waiting.push({ resolve, reject })),
    );
    this.socket.write(Buffer.concat(commands.map(encode)));
    return Promise.all(replies);
  }

  /** Subscribes. From now on every reply of this connection goes to `onPush`. */
  subscribe(command: Command, onPush: (reply: Reply) => void): void {
    this.#onPush = onPush;
    this.socket.write(encode(command));
  }

  close(): void {
    this.socket.destroy();
  }

  #read(data: Buffer): void {
    this.#unread = this.#unread.length === 0 ? data : Buffer.concat([this.#unread, data]);
    for (;;) {
      const parsed = parse(this.#unread, 0);
      if (parsed === null) return;
      this.#unread = this.#unread.subarray(parsed.end);
      if (this.#onPush) this.#onPush(parsed.reply);
      else this.#waiting.shift()?.resolve(parsed.reply);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

function encode(command: Command): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)];
  for (const argument of command) {
    const bytes = typeof argument === "string" ? Buffer.from(argument) : argument;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}

/** The reply at `start` and its end. Null if the reply is not complete yet. */
function parse(data: Buffer, start: number): { reply: Reply; end: number } | null {
  const lineEnd = data.indexOf("\r\n", start);
  if (lineEnd < 0) return null;
  const line = data.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (data[start]) {
    case 0x2b: // +
      return { reply: new RedisStatus(line), end };
    case 0x2d: // -
      return { reply: new RedisError(line), end };
    case 0x3a: // :
      return { reply: Number(line), end };
    case 0x24: {
      // $
      const length = Number(line);
      if (length < 0) return { reply: null, end };
      if (data.length < end + length + 2) return null;
      return { reply: Buffer.from(data.subarray(end, end + length)), end: end + length + 2 };
    }
    case 0x2a: // *
      return parseArray(data, Number(line), end);
    default:
      throw new Error(`not RESP2: a reply begins with byte ${data[start]}`);
  }
}

function parseArray(data: Buffer, length: number, start: number): { reply: Reply; end: number } | null {
  if (length < 0) return { reply: null, end: start };
  const items: Reply[] = [];
  let end = start;
  for (let i = 0; i < length; i += 1) {
    const item = parse(data, end);
    if (item === null) return null;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: items, end };
}
