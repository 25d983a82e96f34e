import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Ports that no operating system gives to an outgoing connection by itself: Linux takes those from 32,768 on, others from
 * 49,152 on. A port from those ranges could be taken between its choice and its use. 10,080 and some below are refused by
 * browsers and by fetch (https://fetch.spec.whatwg.org/#port-blocking). Above the last one is room for a control port, a
 * thousand further.
 */
const FIRST = 10_100;
const LAST = 31_700;
/** So many ports in use at random places mean that something else is wrong. */
const TRIES = 50;

/** Finds a free port of 127.0.0.1. Another process could still choose it too before the caller listens. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried++) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`${TRIES} ports from ${FIRST} to ${LAST} were in use.`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
