/** The route table's `answer`, with every answer checked against the OpenAPI document before a test sees it. */

import { answer as unchecked } from "@/lib/server/http/route";
import { openApiDocument } from "@/lib/server/openapi/document";
import { ROUTES } from "@/lib/server/routes/table";
import { Documented } from "./documented";

/** As every server of this code hands it out. */
const documented = new Documented(JSON.parse(JSON.stringify(openApiDocument(ROUTES))));

const nameOf = new Map<unknown, string>(Object.entries(ROUTES).map(([name, route]) => [route, name]));

/** Throws where the answer of a route is not as documented. */
async function expectDocumented(route: string, response: Response): Promise<void> {
  const { status, headers } = response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const body = isStream ? null : await response.clone().text();
  const problems = documented.problems({ route, status, headers, body });
  if (problems.length > 0)
    throw new Error(
      `${route} answered ${status} otherwise than openapi.json says:\n  ${problems.slice(0, 10).join("\n  ")}`,
    );
}

export const answer: typeof unchecked = async (app, route, routed) => {
  const response = await unchecked(app, route, routed);
  const name = nameOf.get(route);
  if (name !== undefined) await expectDocumented(name, response);
  return response;
};
