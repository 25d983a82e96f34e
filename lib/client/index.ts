/**
 * The exports of the package `trustmesh-edge-client` (`npm run build:client`, docs/integrations/client.md). Our own pages import
 * the files themselves. Nothing here is for operators.
 */

// Set-up, and failures.

export { ApiError, isUnauthenticated, reasonOf } from "./api/http";
export { type ClientOptions, configureClient } from "./api/settings";

// The session.

export { signOut, useDemoPeople, useSession } from "./api/session";
export { askChallenge, signInAsDemo, signInWithSignature, signInWithToken } from "./api/sign-in";

// Views as hooks, and the provider that keeps them live.

export { type Actions, useActions } from "./api/actions";
export { type CheckedProof, useProof } from "./api/proof";
export type { Paged } from "./api/views/pages";
export { type ProfileDraft, profileDraft } from "./api/views/profile-draft";
export { type Recognition, useCircle, useContacts, useProfiles, useRecognition } from "./api/views/views";
export { type People, type Person, usePeople } from "./format/people";
export { type FreshnessWords, type Knowledge, type StreamState, useFreshness } from "./live/freshness";
export { LiveProvider } from "./live/live";
export { type Signals, useSignals } from "./live/signals";

// The same without React.

export { findPerson, readProof } from "./api/single-reads";
export { type Draft, submit } from "./api/submit";
export {
  readCircle,
  readContacts,
  readProfiles,
  readRecognition,
  readSession,
  readSignals,
  type SignalsOptions,
} from "./api/views/reads";
export { type ProofVerdict, verifyProof } from "./browser/verify-proof";
export { type FeedEvent, onFeed } from "./live/feed";
export { connectStream, type LiveHandlers, type LiveStream } from "./live/live-connection";

// The forms of answers.

export type { Freshness } from "@/lib/wire/common";
export type { CircleAnswer, Contact, ContactRequest, ContactsAnswer } from "@/lib/wire/contacts";
export type { PersonAnswer } from "@/lib/wire/person";
export type { Proof, ProofAnswer } from "@/lib/wire/proof";
export type { Definition, Profile, RecognitionAnswer, RecognitionInstance } from "@/lib/wire/recognition";
export type { ChallengeAnswer, DemoAnswer, SessionAnswer } from "@/lib/wire/sign-in/session";
export type { Signal, SignalsAnswer } from "@/lib/wire/signals";
export type { SubmitAnswer } from "@/lib/wire/submit";
