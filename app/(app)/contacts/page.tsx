import type { Metadata } from "next";
import { ContactsPage } from "../../_ui/features/contacts/contacts-page";

export const metadata: Metadata = { title: "Contacts" };

export default function Page() {
  return <ContactsPage />;
}
