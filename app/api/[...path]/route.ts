import { passOn } from "@/lib/server/http/next-route";

export const GET = passOn;
export const HEAD = passOn;
export const POST = passOn;
export const PUT = passOn;
export const PATCH = passOn;
export const DELETE = passOn;
export const OPTIONS = passOn;
