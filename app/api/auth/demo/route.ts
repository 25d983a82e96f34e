import { nextRoute } from "@/lib/server/http/next-route";

export const GET = nextRoute("GET /api/auth/demo");
export const POST = nextRoute("POST /api/auth/demo");
