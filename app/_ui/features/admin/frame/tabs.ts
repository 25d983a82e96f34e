/** The operators' pages, in the order of their tabs. */
export const PLACES = [
  { href: "/admin", label: "Overview" },
  { href: "/admin/topics", label: "Topics" },
  { href: "/admin/shards", label: "Shards" },
  { href: "/admin/tiers", label: "Tiers" },
  { href: "/admin/mirror", label: "Mirror" },
  { href: "/admin/messages", label: "Rejected" },
  { href: "/admin/lookup", label: "Look up" },
  { href: "/admin/storage", label: "Storage" },
  { href: "/admin/capacity", label: "Capacity" },
  { href: "/admin/log", label: "Operator log" },
] as const;
