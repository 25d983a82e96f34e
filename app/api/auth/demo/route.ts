import { nextRoute } from "@/lib/server/next-route";

export const GET = nextRoute("GET /api/auth/demo");
export const POST = nextRoute("POST /api/auth/demo");
