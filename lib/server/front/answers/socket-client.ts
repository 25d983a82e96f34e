import "server-only";
/** A client of a stream, at the other end of a connection of this server. */
import type { ServerResponse } from "node:http";
import type { StreamClient } from "../../http/answers/answer";
import { endWithClient } from "../half-closed";

export class SocketClient implements StreamClient {
  constructor(private readonly response: ServerResponse) {
    response.once("close", endWithClient(response.req.socket));
  }

  send(text: string): boolean {
    const { response } = this;
    return !response.writableEnded && !response.destroyed && response.write(text);
  }

  ready(): Promise<void> {
    const { response } = this;
    if (response.destroyed || !response.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        response.off("drain", done).off("close", done);
        resolve();
      };
      response.on("drain", done).on("close", done);
    });
  }

  onLeave(leave: () => void): void {
    if (this.response.destroyed) leave();
    else this.response.once("close", leave);
  }

  end(): void {
    this.response.end();
  }

  cut(): void {
    this.response.destroy();
  }
}
