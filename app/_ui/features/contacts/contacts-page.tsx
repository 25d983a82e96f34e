"use client";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useSession } from "@/lib/client/api/session";
import { useContacts } from "@/lib/client/api/views/views";
import { Button } from "../../primitives/button";
import { SkeletonRows } from "../../primitives/skeleton";
import { Tabs } from "../../primitives/tabs";
import { PageHeader } from "../page-header";
import { ReadError } from "../read-error";
import { BondedList } from "./bonded-list";
import { RequestDialog } from "./request-dialog";
import { RequestList } from "./request-list";

export function ContactsPage() {
  const { data, error, mutate } = useContacts();
  const { data: session } = useSession();
  const [tab, setTab] = useState<"bonded" | "requests">("bonded");
  const [asking, setAsking] = useState(false);

  return (
    <>
      <PageHeader
        title="Contacts"
        action={
          <Button look="primary" onClick={() => setAsking(true)}>
            <UserPlus aria-hidden="true" className="size-4.5" />
            Add a contact
          </Button>
        }
      >
        {session?.strictBonding === false
          ? "People you are bonded with: one of you accepted, on the ledger. Here an accept counts even if nobody asked."
          : "People you are bonded with: one of you asked, the other accepted, both on the ledger."}
      </PageHeader>
      {data ? (
        <Tabs
          label="Contacts and requests"
          value={tab}
          onChange={setTab}
          tabs={[
            {
              value: "bonded",
              label: "Contacts",
              count: data.contacts.length,
              content: <BondedList contacts={data.contacts} onAdd={() => setAsking(true)} />,
            },
            {
              value: "requests",
              label: "Requests",
              // The same number as in the navigation: the people who wait for an answer. Not shown if it is 0.
              count: data.requests.incoming.length || undefined,
              content: <RequestList requests={data.requests} />,
            },
          ]}
        />
      ) : error ? (
        <ReadError title="Your contacts could not be read" error={error} onRetry={() => void mutate()} />
      ) : (
        <SkeletonRows rows={7} label="Loading contacts" />
      )}
      <RequestDialog open={asking} onOpenChange={setAsking} onAsked={() => setTab("requests")} />
    </>
  );
}
