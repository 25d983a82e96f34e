/** The data that the server puts into a page for somebody who is signed in. */
import type { ContactsAnswer } from "./contacts";
import type { ProfilesAnswer, RecognitionAnswer } from "./recognition";
import type { SessionAnswer } from "./sign-in/session";
import type { SignalsAnswer } from "./signals";

/** The answers of the API to this person, as the page's script would read them. Null: the page reads that one itself. */
export interface Rendered {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly session: SessionAnswer;
  readonly contacts: ContactsAnswer | null;
  readonly signals: SignalsAnswer | null;
  readonly recognition: RecognitionAnswer | null;
  readonly profiles: ProfilesAnswer | null;
}
