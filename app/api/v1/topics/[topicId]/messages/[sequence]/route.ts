import { nextRoute } from "@/lib/server/http/next-route";

export const GET = nextRoute("GET /api/v1/topics/{topicId}/messages/{sequence}");
export const OPTIONS = GET;
