/** The route table's `answer`. It checks every answer against the OpenAPI document before a test sees it. */

import { openApiDocument } from "@/lib/server/openapi/document";
import { ROUTES } from "@/lib/server/routes/table";
import { Documented } from "./documented";
import { answer as unchecked } from "./web-answer";

/** The document after a round trip through JSON, as clients get it. */
const documented = new Documented(JSON.parse(JSON.stringify(openApiDocument(ROUTES))));

const nameOf = new Map<unknown, string>(Object.entries(ROUTES).map(([name, route]) => [route, name]));

/** Throws if a route's answer differs from the document. */
async function expectDocumented(route: string, response: Response): Promise<void> {
  const { status, headers } = response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const body = isStream ? null : await response.clone().text();
  const problems = documented.problems({ route, status, headers, body });
  if (problems.length > 0)
    throw new Error(
      `${route} answered ${status}, which differs from openapi.json:\n  ${problems.slice(0, 10).join("\n  ")}`,
    );
}

export const answer: typeof unchecked = async (app, route, routed) => {
  const response = await unchecked(app, route, routed);
  const name = nameOf.get(route);
  if (name !== undefined) await expectDocumented(name, response);
  return response;
};
