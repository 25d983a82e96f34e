import "server-only";
/** A client of a stream, at the other end of a connection of this server. */
import type { ServerResponse } from "node:http";
import type { StreamClient } from "../../http/answers/answer";
import { mayLeave, stays } from "../half-closed";

export class SocketClient implements StreamClient {
  constructor(private readonly response: ServerResponse) {
    const { socket } = response.req;
    mayLeave(socket);
    response.once("close", () => stays(socket));
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
    const { response } = this;
    const { socket } = response.req;
    if (response.destroyed || socket.destroyed) {
      leave();
      return;
    }
    let hasLeft = false;
    const left = () => {
      socket.off("close", left);
      if (!hasLeft) leave();
      hasLeft = true;
    };
    response.once("close", left);
    // A response that is not the connection's next one does not hear that the connection has closed.
    socket.once("close", left);
  }

  end(): void {
    this.response.end();
  }

  cut(): void {
    this.response.destroy();
  }
}
