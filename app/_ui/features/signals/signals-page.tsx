"use client";
import { useRouter, useSearchParams } from "next/navigation";
import { TOPIC_KINDS, type TopicKind } from "@/lib/core/ledger/ids";
import { TYPES_OF_KIND } from "@/lib/core/signals/message-types";
import { Chips } from "../../primitives/chips";
import { PageHeader } from "../page-header";
import { Feed } from "./feed";

const LABELS: Record<TopicKind, string> = {
  contact: "Contacts",
  trust: "Trust",
  recognition: "Recognition",
  profile: "Profiles",
};
type Filter = TopicKind | "all";
const FILTERS: readonly { value: Filter; label: string }[] = [
  { value: "all", label: "All" },
  ...TOPIC_KINDS.map((value) => ({ value, label: LABELS[value] })),
];

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
      <Feed key={filter} types={filter === "all" ? NO_TYPES : TYPES_OF_KIND[filter]} />
    </>
  );
}
