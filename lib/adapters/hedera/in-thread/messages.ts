/** Messages between the server's thread and the submitter's. They cross by structured clone. */
import type { SdkSubmitter } from "../sdk-submitter";

/** The methods of the submitter that the server calls across the threads. */
export type Method = "submit" | "newAttempt" | "createTopic";

/** One call. Calls run at the same time, so the answer repeats the number. */
export interface Call {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** Messages to the thread. Each `Call` is answered once; `close` ends the thread. */
export type ToThread = Call | "close";

/** The first message is "ready". `thrown`: the call's promise rejected with an error of this name and message. */
export type FromThread =
  | "ready"
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly thrown: { readonly name: string; readonly message: string } };

/** The result of a call, by method. */
export type ResultOf<M extends Method> = Awaited<ReturnType<SdkSubmitter[M]>>;
