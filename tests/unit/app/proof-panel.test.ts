/** The words with which the proof of a message says what was proven. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { SWRConfig, unstable_serialize } from "swr";
import { describe, expect, it } from "vitest";
import ProofPanel from "@/app/_ui/features/signals/proof-panel";
import { ApiError } from "@/lib/client/api/http";
import { KEYS } from "@/lib/client/api/keys";
import type { CheckedProof } from "@/lib/client/api/proof";
import type { Signal } from "@/lib/wire/signals";

const HASH = "ab".repeat(48);
const signal = { topicId: "0.0.7", sequenceNumber: 3 } as Signal;

/** The verdict that a person reads, without markup. */
function verdictWith(mirrors: number, kind: "verified" | "failed"): string {
  const checked = {
    proof: {
      mirrors,
      reason: null,
      message: {
        topicId: "0.0.7",
        sequenceNumber: 3,
        payerAccountId: "0.0.2",
        consensusTimestamp: "1790000000.000000001",
      },
    },
    verdict: { kind, computed: HASH, expected: HASH, content: HASH },
  } as unknown as CheckedProof;
  const fallback = { [unstable_serialize([KEYS.proof, signal.topicId, signal.sequenceNumber])]: checked };
  const panel = createElement(ProofPanel, { signal, state: "verified" });
  const html = renderToStaticMarkup(createElement(SWRConfig, { value: { fallback } }, panel));
  const [, verdict = ""] = /data-testid="verdict"[^>]*>(.*?)<\/p>/s.exec(html) ?? [];
  return verdict
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("&#x27;", "'")
    .trim();
}

describe("the proof of a message", () => {
  it("claims no more than this server's mirror, if one mirror gave the chain", () => {
    for (const mirrors of [0, 1])
      expect(verdictWith(mirrors, "verified")).toBe(
        "Verified in this browser. The running hash computed here follows in the chain that this server's mirror gave.",
      );
  });

  it("says how many mirrors agree on the chain, if there are several", () => {
    expect(verdictWith(2, "verified")).toBe(
      "Verified in this browser. The running hash computed here follows in the chain that 2 mirrors agree on.",
    );
  });

  it("never calls a message verified that does not match, however many mirrors agree", () => {
    expect(verdictWith(2, "failed")).toMatch(/^It does not match\. .*altered\.$/);
  });

  it("offers to try again after a failure, and not where the message is no longer kept", () => {
    const panelAfter = (error: ApiError) => {
      const key = unstable_serialize([KEYS.proof, signal.topicId, signal.sequenceNumber]);
      const provider = () => new Map([[key, { error, isLoading: false, isValidating: false }]]);
      const panel = createElement(ProofPanel, { signal, state: "verified" });
      return renderToStaticMarkup(createElement(SWRConfig, { value: { provider } }, panel));
    };
    expect(panelAfter(new ApiError(503, "unavailable", "Not now."))).toMatch(/Not now\..*Try again/);
    const gone = panelAfter(new ApiError(410, "dropped", "No longer kept here."));
    expect(gone).toContain("No longer kept here.");
    expect(gone).not.toContain("Try again");
  });
});
