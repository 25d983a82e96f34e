import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { parseUserId } from "@/lib/core/ledger/ids";
import { ProfilePage } from "../../../_ui/features/profile/profile-page";

export const metadata: Metadata = { title: "Profile" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const id = parseUserId(decodeId((await params).id));
  if (!id) notFound();
  return <ProfilePage id={id} />;
}

function decodeId(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
