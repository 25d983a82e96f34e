/** An app behind our own server on a free port of this machine, without Next. */
import type { App } from "@/lib/server/boot/app";
import { openFront } from "@/tests/support/fleet/processes/front";

export interface AppServer {
  readonly url: string;
  stop(): Promise<void>;
}

export async function serveApp(app: App): Promise<AppServer> {
  const front = openFront(app);
  const port = await front.listen(0, "127.0.0.1");
  return {
    url: `http://127.0.0.1:${port}`,
    stop() {
      front.server.closeAllConnections();
      return front.stopAccepting();
    },
  };
}
