import "server-only";
/** The routes that the TrustMesh web UI asks for beside those that our own pages use. Their members are the ones that it reads. */
import type { AnyRoute } from "../../http/route";
import { identity, identityWrite } from "./identity";
import { profileAt, profileStatus } from "./profile";
import { ledgerStats, registryCatalog, registryConfig } from "./registry";

export const UI_ROUTES = {
  "GET /api/registry/config": registryConfig,
  "GET /api/registry/catalog": registryCatalog,
  "GET /api/profile/status": profileStatus,
  "GET /api/hcs/profile": profileAt,
  "GET /api/hedera/stats": ledgerStats,
  "GET /api/hcs22/resolve": identity,
  "POST /api/hcs22/resolve": identityWrite,
} as const satisfies Record<string, AnyRoute>;
