/** An HTTP client that sends a test's bytes unchanged on one connection and parses the answers. */
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class RawConnection {
  private received = "";
  private isClosed = false;
  private changed = () => {};

  private constructor(private readonly socket: Socket) {
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.note(() => (this.received += text)));
    socket.on("close", () => this.note(() => (this.isClosed = true)));
    // After an error the socket closes, and that is noted above.
    socket.on("error", () => {});
  }

  static open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: "127.0.0.1" });
    const connection = new RawConnection(socket);
    return new Promise((resolve, reject) => {
      socket.once("connect", () => resolve(connection)).once("error", reject);
    });
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Resolves to the next answer. Its body is as long as its Content-Length says. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const taken = this.take();
      if (taken !== null) return taken;
      if (this.isClosed) throw new Error(`the connection closed after: ${this.received}`);
      await this.change();
    }
  }

  /** Resolves when the other side has closed. */
  async closed(): Promise<void> {
    while (!this.isClosed) await this.change();
  }

  get isOpen(): boolean {
    return !this.isClosed;
  }

  /** Closes this side. The other side may go on sending. */
  endSending(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Breaks the connection off with a reset, which no client can take for a closed sending side. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  private note(change: () => void): void {
    change();
    this.changed();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.changed = resolve;
    });
  }

  private take(): RawAnswer | null {
    const end = this.received.indexOf("\r\n\r\n");
    if (end < 0) return null;
    const [line = "", ...lines] = this.received.slice(0, end).split("\r\n");
    const headers = Object.fromEntries(
      lines.map((each) => {
        const at = each.indexOf(":");
        return [each.slice(0, at).toLowerCase(), each.slice(at + 1).trim()];
      }),
    );
    const length = Number(headers["content-length"] ?? 0);
    if (this.received.length < end + 4 + length) return null;
    const body = this.received.slice(end + 4, end + 4 + length);
    this.received = this.received.slice(end + 4 + length);
    return { status: Number(line.split(" ")[1]), headers, body };
  }
}
