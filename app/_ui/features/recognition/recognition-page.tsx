"use client";
import { Award, BookOpen, Sparkles } from "lucide-react";
import { Fragment, useState } from "react";
import { useRecognition } from "@/lib/client/api/views/views";
import { incompleteFrom } from "@/lib/client/format/dropped";
import type { Definition } from "@/lib/wire/recognition";
import { Button } from "../../primitives/button";
import { SkeletonRows } from "../../primitives/skeleton";
import { Tabs } from "../../primitives/tabs";
import { DroppedNote, More } from "../more";
import { NothingYet } from "../nothing-yet";
import { PageHeader } from "../page-header";
import { ReadError } from "../read-error";
import { Catalogue } from "./catalogue";
import { RecogniseDialog } from "./recognise-dialog";
import { RecognitionCard } from "./recognition-card";

export function RecognitionPage() {
  const recognition = useRecognition();
  const { instances, definitions, droppedThrough, error, retry } = recognition;
  const noted = incompleteFrom(instances, droppedThrough);
  const [tab, setTab] = useState<"received" | "catalogue">("received");
  const [giving, setGiving] = useState<{ definition: Definition | null } | null>(null);

  return (
    <>
      <PageHeader
        title="Recognition"
        action={
          <Button look="primary" onClick={() => setGiving({ definition: null })}>
            <Sparkles aria-hidden="true" className="size-4.5" />
            Recognise somebody
          </Button>
        }
      >
        What others value in you, each with its place on the ledger.
      </PageHeader>
      {instances ? (
        <Tabs
          label="Recognition"
          value={tab}
          onChange={setTab}
          tabs={[
            {
              value: "received",
              label: "Received",
              count: instances.length,
              content:
                instances.length === 0 && !recognition.hasMore && droppedThrough === null ? (
                  <NothingYet title="None yet" icon={<Award aria-hidden="true" />}>
                    When a contact recognises you, it shows here. You can begin by recognising one of them.
                  </NothingYet>
                ) : (
                  <>
                    <ul aria-label="Received recognitions" className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
                      {instances.map((instance) => (
                        <Fragment key={instance.id}>
                          {instance.id === noted && droppedThrough !== null && (
                            <li className="col-span-full">
                              <DroppedNote what="recognitions" droppedThrough={droppedThrough} />
                            </li>
                          )}
                          <RecognitionCard instance={instance} />
                        </Fragment>
                      ))}
                    </ul>
                    <More list={recognition} what="recognitions" isNoted={noted !== null} />
                  </>
                ),
            },
            {
              value: "catalogue",
              label: "Catalogue",
              count: definitions.length,
              content:
                definitions.length === 0 ? (
                  <NothingYet title="No definitions yet" icon={<BookOpen aria-hidden="true" />}>
                    Recognitions are defined on the ledger, for everybody.
                  </NothingYet>
                ) : (
                  <Catalogue definitions={definitions} onGive={(definition) => setGiving({ definition })} />
                ),
            },
          ]}
        />
      ) : error ? (
        <ReadError title="Recognition could not be read" error={error} onRetry={retry} />
      ) : (
        <SkeletonRows rows={5} label="Loading recognition" />
      )}
      <RecogniseDialog
        open={giving !== null}
        onOpenChange={() => setGiving(null)}
        definition={giving?.definition ?? null}
      />
    </>
  );
}
