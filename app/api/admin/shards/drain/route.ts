import { nextRoute } from "@/lib/server/http/next-route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute("POST /api/admin/shards/drain");
