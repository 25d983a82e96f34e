import "server-only";
/** The routes that the TrustMesh web UI asks for beside those that our own pages use. Their members are the ones that it reads. */
import type { AnyRoute } from "../../http/route";
import { boost, suggest } from "./boosts";
import { identity, identityWrite } from "./identity";
import { resolve, shorten } from "./invitations";
import { profileAt, profileStatus } from "./profile";
import { publishProfile } from "./publish-profile";
import { createRecognition, issuerSubmit, mintRecognition } from "./recognise";
import { ledgerStats, registryCatalog, registryConfig } from "./registry";
import { trustAllocate, trustRevoke } from "./trust";

export const UI_ROUTES = {
  "GET /api/registry/config": registryConfig,
  "GET /api/registry/catalog": registryCatalog,
  "GET /api/profile/status": profileStatus,
  "GET /api/hcs/profile": profileAt,
  "GET /api/hedera/stats": ledgerStats,
  "GET /api/hcs22/resolve": identity,
  "POST /api/hcs22/resolve": identityWrite,
  "POST /api/trust/allocate": trustAllocate,
  "POST /api/trust/revoke": trustRevoke,
  "POST /api/hcs/profile": publishProfile,
  "POST /api/hcs/mint-recognition": mintRecognition,
  "POST /api/recognition/create": createRecognition,
  "POST /api/issuer/submit": issuerSubmit,
  "POST /api/signal/boost": boost,
  "POST /api/signal/suggest": suggest,
  "POST /api/qr/shorten": shorten,
  "GET /api/qr/resolve": resolve,
} as const satisfies Record<string, AnyRoute>;
