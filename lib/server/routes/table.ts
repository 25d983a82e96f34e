import "server-only";
/** The table of all routes. The API's route files, the OpenAPI document and the tests that sweep all routes read it. */
import { z } from "zod/mini";
import { type Answer, forMany } from "../http/answers/answer";
import { publicJson } from "../http/answers/reply";
import { type AnyRoute, defineRoute, nameRoute } from "../http/route";
import { personalMessages } from "../mirror/personal";
import {
  messageByTime,
  mirrorEntity,
  mirrorItem,
  mirrorItemPart,
  mirrorList,
  mirrorPart,
  topicDetails,
  topicMessage,
  topicMessages,
} from "../mirror/routes";
import { openApiDocument } from "../openapi/document";
import { circle, contacts } from "./contacts";
import { proof, registry, sync } from "./ledger";
import { audit, invalidate, operatorLog, pause, resume, resync, startOver, status } from "./operators/admin";
import { cronSync } from "./operators/cron";
import { hcs, health, ingestion, ready } from "./operators/health";
import { lookUpMessage, lookUpPerson } from "./operators/lookups";
import { metrics } from "./operators/metrics";
import { drain, shards, split } from "./operators/shards";
import { person } from "./people";
import { profiles, recognition } from "./recognition";
import { challenge, demoPeople, demoSignIn, logout, session, verify } from "./session";
import { events, signals } from "./signals";
import { stream } from "./stream";
import { submit } from "./submit";
import { UI_ROUTES } from "./ui/table";

/** The document is made once: making it takes as long as twenty reads, and anybody may ask for it. */
let document: Answer | undefined;

const openapi: AnyRoute = defineRoute({
  summary: "This API as OpenAPI 3.1",
  access: "public",
  limit: "open",
  answer: z.record(z.string(), z.unknown()),
  handle: ({ app }): Answer => {
    document ??= forMany(publicJson(openApiDocument(ROUTES, !app.env.isDevnet)));
    return document;
  },
});

export const ROUTES = {
  "GET /api/contacts": contacts,
  "GET /api/circle": circle,
  "GET /api/signals": signals,
  "GET /api/hcs/events": events,
  "GET /api/recognition": recognition,
  "GET /api/profiles": profiles,
  "GET /api/me/api/v1/topics/{topicId}/messages": personalMessages,
  "GET /api/people/{userId}": person,
  "GET /api/registry/topics": registry,
  "GET /api/proof/{topicId}/{sequence}": proof,
  "GET /api/stream": stream,
  "POST /api/hcs/submit": submit,
  "POST /api/sync": sync,
  "GET /api/auth/session": session,
  "POST /api/auth/challenge": challenge,
  "POST /api/auth/verify": verify,
  "GET /api/auth/demo": demoPeople,
  "POST /api/auth/demo": demoSignIn,
  "POST /api/auth/logout": logout,
  "GET /api/health": health,
  "GET /api/health/ready": ready,
  "GET /api/health/ingestion": ingestion,
  "GET /api/health/hcs": hcs,
  "GET /api/metrics": metrics,
  "GET /api/cron/sync": cronSync,
  "GET /api/admin/status": status,
  "GET /api/admin/audit-log": operatorLog,
  "POST /api/admin/cache/invalidate": invalidate,
  "POST /api/admin/topics/{topicId}/pause": pause,
  "POST /api/admin/topics/{topicId}/resume": resume,
  "POST /api/admin/topics/{topicId}/audit": audit,
  "POST /api/admin/topics/{topicId}/resync": resync,
  "POST /api/admin/topics/{topicId}/start-over": startOver,
  "GET /api/admin/people/{userId}": lookUpPerson,
  "GET /api/admin/topics/{topicId}/messages/{sequence}": lookUpMessage,
  "GET /api/admin/shards": shards,
  "POST /api/admin/shards/split": split,
  "POST /api/admin/shards/drain": drain,
  ...UI_ROUTES,
  "GET /api/v1/topics/messages/{timestamp}": messageByTime,
  "GET /api/v1/topics/{topicId}/messages": topicMessages,
  "GET /api/v1/topics/{topicId}/messages/{sequence}": topicMessage,
  "GET /api/v1/topics/{topicId}": topicDetails,
  "GET /api/v1/{resource}": mirrorList,
  "GET /api/v1/{resource}/{id}": mirrorEntity,
  "GET /api/v1/{resource}/{id}/{part}": mirrorPart,
  "GET /api/v1/{resource}/{id}/{part}/{item}": mirrorItem,
  "GET /api/v1/{resource}/{id}/{part}/{item}/{sub}": mirrorItemPart,
  "GET /api/openapi.json": openapi,
} as const satisfies Record<string, AnyRoute>;

for (const [name, route] of Object.entries(ROUTES)) nameRoute(route, name);

export type RouteName = keyof typeof ROUTES;
