import { nextRoute } from "@/lib/server/http/next-route";

export const GET = nextRoute("GET /api/me/api/v1/topics/{topicId}/messages");
