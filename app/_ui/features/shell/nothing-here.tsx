import Link from "next/link";
import { buttonClass } from "../../primitives/button";
import { EmptyState } from "../../primitives/states";
import { BrandMark } from "./brand";

/** The content of a page whose address leads nowhere. */
export function NothingHere() {
  return (
    <EmptyState
      title="There is nothing at this address"
      wholePage
      icon={<BrandMark />}
      action={
        <Link href="/signals" className={buttonClass("primary")}>
          To your signals
        </Link>
      }
    >
      The address may be mistyped, or what it names was never on the ledger.
    </EmptyState>
  );
}
