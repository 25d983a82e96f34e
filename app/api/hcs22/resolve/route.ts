import { nextRoute } from "@/lib/server/http/next-route";

export const GET = nextRoute("GET /api/hcs22/resolve");
export const POST = nextRoute("POST /api/hcs22/resolve");
