/** The parts of the operators' page, in the order of their tabs. */
export const PLACES = [
  { href: "/admin", label: "Overview" },
  { href: "/admin/topics", label: "Topics" },
  { href: "/admin/shards", label: "Shards" },
  { href: "/admin/tiers", label: "Tiers" },
  { href: "/admin/mirror", label: "Mirror" },
  { href: "/admin/messages", label: "Odd messages" },
  { href: "/admin/storage", label: "Storage" },
  { href: "/admin/capacity", label: "Capacity" },
  { href: "/admin/audit", label: "Audit log" },
] as const;
