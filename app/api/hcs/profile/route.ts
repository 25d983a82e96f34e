import { nextRoute } from "@/lib/server/http/next-route";

export const GET = nextRoute("GET /api/hcs/profile");
export const POST = nextRoute("POST /api/hcs/profile");
