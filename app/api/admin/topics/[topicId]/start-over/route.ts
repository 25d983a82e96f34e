import { nextRoute } from "@/lib/server/next-route";

export const POST = nextRoute("POST /api/admin/topics/{topicId}/start-over");
