import type { Metadata } from "next";
import Link from "next/link";
import { BrandMark } from "./_ui/features/shell/brand";
import { buttonClass } from "./_ui/primitives/button";
import { EmptyState } from "./_ui/primitives/states";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center">
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
        It may be mistyped, or it was never on the ledger.
      </EmptyState>
    </main>
  );
}
