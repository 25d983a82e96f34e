import { nextRoute } from "@/lib/server/http/next-route";

export const GET = nextRoute("GET /api/v1/topics/{topicId}/messages");
export const OPTIONS = GET;
