/** Our server with the route table and without Next. Test instances use it because they serve no page. */
import type { App } from "@/lib/server/boot/app";
import { failureReport, routesOf } from "@/lib/server/front/direct";
import { entrance } from "@/lib/server/front/entrance";
import { Front, type Serve } from "@/lib/server/front/front";

const noPage: Serve = (_, response) => void response.writeHead(404).end();

/** Opens the server as server.ts does. */
export function openFront(app: App): Front {
  const front = new Front((request, response) => serve(request, response), app.clock);
  const serve = entrance({ app, routes: routesOf(app), next: noPage, isEnding: () => front.isEnding });
  front.report = failureReport(app);
  // A test's client keeps idle connections for less time. If the server closed first, it could break a request.
  front.server.keepAliveTimeout = 120_000;
  return front;
}
