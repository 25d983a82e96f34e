import { nextRoute } from "@/lib/server/http/next-route";

export const GET = nextRoute("GET /api/qr/resolve");
