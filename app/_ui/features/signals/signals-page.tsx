"use client";
import { useRouter, useSearchParams } from "next/navigation";
import { TYPES_OF } from "@/lib/client/format/sentences";
import { Chips } from "../../primitives/chips";
import { PageHeader } from "../page-header";
import { Feed } from "./feed";

const FILTERS = [
  { value: "all", label: "All" },
  { value: "contact", label: "Contacts" },
  { value: "trust", label: "Trust" },
  { value: "recognition", label: "Recognition" },
  { value: "profile", label: "Profiles" },
] as const;
type Filter = (typeof FILTERS)[number]["value"];

const NO_TYPES: readonly string[] = [];

export function SignalsPage() {
  const router = useRouter();
  const params = useSearchParams();
  const asked = params.get("show");
  const filter: Filter = FILTERS.find((option) => option.value === asked)?.value ?? "all";
  const choose = (next: Filter) =>
    router.replace(next === "all" ? "/signals" : `/signals?show=${next}`, { scroll: false });

  return (
    <>
      <PageHeader title="Signals">Every message on the ledger that concerns you, as it arrives.</PageHeader>
      <div className="mb-5">
        <Chips label="Show" value={filter} onChange={choose} options={FILTERS} />
      </div>
      <Feed key={filter} types={filter === "all" ? NO_TYPES : TYPES_OF[filter]} />
    </>
  );
}
