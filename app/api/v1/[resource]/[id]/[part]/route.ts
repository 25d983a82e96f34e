import { nextRoute } from "@/lib/server/http/next-route";

export const GET = nextRoute("GET /api/v1/{resource}/{id}/{part}");
export const OPTIONS = GET;
