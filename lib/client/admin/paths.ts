/** The paths of the operators' views, which are also their SWR keys. */
export const ADMIN_PATHS = {
  status: "/api/admin/status",
  shards: "/api/admin/shards",
  operatorLog: "/api/admin/audit-log",
} as const;
