import { nextPassOn } from "@/lib/server/http/next-route";

export const GET = nextPassOn;
export const HEAD = nextPassOn;
export const POST = nextPassOn;
export const PUT = nextPassOn;
export const PATCH = nextPassOn;
export const DELETE = nextPassOn;
export const OPTIONS = nextPassOn;
