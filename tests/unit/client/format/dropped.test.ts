/** Where a list stops being complete. */
import { describe, expect, it } from "vitest";
import { droppedThroughOf } from "@/lib/client/api/views/pages";
import { incompleteFrom } from "@/lib/client/format/dropped";

const item = (id: string, consensusTimestamp: string | null) => ({ id, consensusTimestamp });
const items = [item("pending", null), item("young", "1790000000.000000002"), item("old", "999999999.000000009")];

describe("a list with dropped items", () => {
  it("is not complete from the first item on that is not later than the latest dropped one", () => {
    expect(incompleteFrom(items, "1790000000.000000001")).toBe("old");
    expect(incompleteFrom(items, "1790000000.000000002")).toBe("young");
    expect(incompleteFrom(items, "999999999.000000008")).toBeNull();
    expect(incompleteFrom(items, null)).toBeNull();
    expect(incompleteFrom(undefined, "1790000000.000000001")).toBeNull();
  });

  it("lacks the latest one in the first page that lacks any", () => {
    const page = (droppedThrough?: string) => ({ nextCursor: null, droppedThrough });
    expect(droppedThroughOf([page(), page("30.000000000"), page("20.000000000")])).toBe("30.000000000");
    expect(droppedThroughOf([page()])).toBeNull();
    expect(droppedThroughOf(undefined)).toBeNull();
  });
});
