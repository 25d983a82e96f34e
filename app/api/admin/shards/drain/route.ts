import { nextRoute } from "@/lib/server/next-route";

export const POST = nextRoute("POST /api/admin/shards/drain");
