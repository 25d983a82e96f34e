/** SWR's options for every read of a person's views. */
import { useMemo } from "react";
import { useSWRConfig } from "swr";
import { ApiError, isUnauthenticated } from "../http";
import { KEYS } from "../keys";

/** Coming back to a page reads its views again, but not more often than this. */
const FOCUS_THROTTLE_MS = 10_000;

/** Whether to try again without being asked to: it helps if a server or network is down, but not after a refusal. */
export const helpsToRetry = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.status === 0 || error.status >= 500;

/** In a form that fits reads of any type. */
interface ViewOptions {
  readonly shouldRetryOnError: (error: Error) => boolean;
  readonly focusThrottleInterval: number;
  readonly onError: (error: Error) => void;
}

/** SWR's options for a view. If a read finds that the session has ended, the session is read again. */
export function useViewOptions(): ViewOptions {
  const { mutate } = useSWRConfig();
  return useMemo(
    () => ({
      shouldRetryOnError: helpsToRetry,
      focusThrottleInterval: FOCUS_THROTTLE_MS,
      onError: (error: Error) => {
        if (isUnauthenticated(error)) void mutate(KEYS.session);
      },
    }),
    [mutate],
  );
}
