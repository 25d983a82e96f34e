import { nextRoute } from "@/lib/server/next-route";

export const GET = nextRoute("GET /api/admin/shards");
