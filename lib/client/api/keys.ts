/** The SWR keys are the paths themselves. */
export const PATHS = {
  session: "/api/auth/session",
  people: "/api/auth/demo",
  contacts: "/api/contacts",
  circle: "/api/circle",
  signals: "/api/signals",
  recognition: "/api/recognition",
  profiles: "/api/profiles",
  adminStatus: "/api/admin/status",
  adminShards: "/api/admin/shards",
  operatorLog: "/api/admin/audit-log",
} as const;
