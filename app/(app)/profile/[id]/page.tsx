import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { parseUserId } from "@/lib/core/ledger/ids";
import { ProfilePage } from "../../../_ui/features/profile/profile-page";

interface Props {
  params: Promise<{ id: string }>;
}

/** An address that names nobody gets the title of the not-found page. */
export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await idOf(params)) === null ? "Not found" : "Profile" };
}

export default async function Page({ params }: Props) {
  const id = await idOf(params);
  if (!id) notFound();
  return <ProfilePage id={id} />;
}

const idOf = async (params: Props["params"]) => parseUserId(decodeId((await params).id));

function decodeId(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
