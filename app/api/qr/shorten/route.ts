import { nextRoute } from "@/lib/server/http/next-route";

export const POST = nextRoute("POST /api/qr/shorten");
