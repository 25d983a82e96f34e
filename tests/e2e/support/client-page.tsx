/**
 * A plain React page on the client package, without Next. client-site.ts bundles it, with the package in the place of the
 * sources that are imported here.
 */

import { useState } from "react";
import { createRoot } from "react-dom/client";
import {
  configureClient,
  LiveProvider,
  type ProofAnswer,
  type ProofVerdict,
  reasonOf,
  useActions,
  useCircle,
  useContacts,
  useFreshness,
  usePeople,
  useProof,
  useRecognition,
  useSession,
  useSignals,
  verifyProof,
} from "@/lib/client/index";

configureClient({ baseUrl: "/edge" });

function Contacts() {
  const { data, error } = useContacts();
  const { person } = usePeople();
  const { giveTrust } = useActions();
  if (error) return <p role="alert">{reasonOf(error)}</p>;
  return (
    <ul aria-label="Contacts">
      {data?.contacts.map(({ peerId, trust }) => (
        <li key={peerId}>
          {person(peerId).name} {trust.allocatedTo > 0 && "is trusted"}
          <button type="button" onClick={() => void giveTrust(peerId)}>
            Trust
          </button>
        </li>
      ))}
    </ul>
  );
}

function Circle() {
  const { data } = useCircle();
  return (
    <p data-testid="Circle">
      {data && `${data.trustStats.allocatedOut} given, ${data.trustStats.receivedIn} received`}
    </p>
  );
}

function Signals() {
  const { signals, hasMore, loadingMore, loadMore } = useSignals();
  const [checked, setChecked] = useState(false);
  const first = signals?.find(({ source }) => source !== "pending");
  return (
    <>
      <ol aria-label="Signals">
        {signals?.map(({ id, type, source, metadata }) => (
          <li key={id} data-id={id} data-source={source}>
            {type} {typeof metadata.text === "string" && metadata.text}
          </li>
        ))}
      </ol>
      {hasMore && (
        <button type="button" disabled={loadingMore} onClick={loadMore}>
          Older
        </button>
      )}
      <button type="button" onClick={() => setChecked(true)}>
        Check
      </button>
      {checked && first && <Proof topicId={first.topicId} sequenceNumber={first.sequenceNumber} />}
    </>
  );
}

function Proof({ topicId, sequenceNumber }: { topicId: string; sequenceNumber: number }) {
  const { data } = useProof(topicId, sequenceNumber);
  const [changed, setChanged] = useState<ProofVerdict | null>(null);
  const change = ({ message, ...proof }: ProofAnswer) =>
    verifyProof({ ...proof, message: { ...message, bytes: btoa("changed") } }).then(setChanged);
  if (!data) return null;
  return (
    <p data-testid="Proof">
      {data.verdict.kind}
      <button type="button" onClick={() => void change(data.proof)}>
        Change it
      </button>
      {changed && `, changed: ${changed.kind}`}
    </p>
  );
}

function Recognition() {
  const { instances } = useRecognition();
  return (
    <ul aria-label="Recognition">
      {instances?.map(({ id, definition }) => (
        <li key={id}>{definition?.title ?? "to be defined"}</li>
      ))}
    </ul>
  );
}

function Freshness() {
  const { text, known } = useFreshness();
  return (
    <p data-testid="Freshness" data-stream={known.stream}>
      {text}
    </p>
  );
}

function Page() {
  const { data: session, mutate } = useSession();
  return (
    <>
      <h1>{session?.userId ?? "Nobody"}</h1>
      <button type="button" onClick={() => void mutate()}>
        Read the session again
      </button>
      <LiveProvider>
        <Freshness />
        <Contacts />
        <Circle />
        <Recognition />
        <Signals />
      </LiveProvider>
    </>
  );
}

createRoot(document.body.appendChild(document.createElement("main"))).render(<Page />);
