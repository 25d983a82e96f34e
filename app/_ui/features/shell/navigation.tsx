"use client";
import clsx from "clsx";
import { Award, CircleDotDashed, type LucideIcon, Radio, SlidersHorizontal, UserRound, Users } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useSession } from "@/lib/client/api/session";
import { useContacts } from "@/lib/client/api/views/views";
import { counted } from "@/lib/client/format/numbers";
import { Brand } from "./brand";
import { FreshnessAnnouncer, FreshnessLine } from "./freshness-line";
import { UnreachablePage } from "./page-opening";
import { UserMenu } from "./user-menu";

interface Place {
  readonly href: string;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly count?: number;
}

function usePlaces(): readonly Place[] {
  const { data: session } = useSession();
  const { data: contacts } = useContacts();
  const incoming = contacts?.requests.incoming.length ?? 0;
  return [
    { href: "/signals", label: "Signals", icon: Radio },
    { href: "/contacts", label: "Contacts", icon: Users, count: incoming },
    { href: "/circle", label: "Circle", icon: CircleDotDashed },
    { href: "/recognition", label: "Recognition", icon: Award },
    { href: `/profile/${encodeURIComponent(session?.userId ?? "")}`, label: "You", icon: UserRound },
  ];
}

/** For operators only, on phones too. */
const OPERATE: Place = { href: "/admin", label: "Operate", icon: SlidersHorizontal };

export function Navigation({ children }: { children: React.ReactNode }) {
  const places = usePlaces();
  const { data: session } = useSession();
  const all = session?.admin ? [...places, OPERATE] : places;
  const isOperating = useIsHere()(OPERATE.href);
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="-translate-y-24 fixed top-3 left-3 z-60 rounded-control bg-accent px-4 py-2 font-medium text-on-accent focus:translate-y-0"
      >
        Skip to the page
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col gap-8 border-line border-r px-4 py-6 lg:flex">
        <Link href="/signals" className="self-start rounded-control px-2">
          <Brand />
        </Link>
        <SideNav places={all} />
        <div className="mt-auto space-y-3">
          <FreshnessLine className="px-2" />
          <UserMenu wide />
        </div>
      </aside>
      <div className="min-w-0">
        <header className="sticky top-0 z-30 border-line border-b bg-paper/95 px-4 pt-2 pb-1.5 backdrop-blur lg:hidden">
          <div className="flex items-center justify-between gap-2">
            <Link href="/signals" className="rounded-control">
              <Brand />
            </Link>
            <UserMenu />
          </div>
          <FreshnessLine />
        </header>
        <FreshnessAnnouncer />
        <main
          id="main"
          tabIndex={-1}
          className={clsx(
            "mx-auto px-4 pt-5 pb-28 outline-none sm:px-6 lg:px-10 lg:pt-9 lg:pb-16",
            isOperating ? "max-w-7xl" : "max-w-5xl",
          )}
        >
          {children}
        </main>
      </div>
      <TabBar places={all} />
      <UnreachablePage />
    </div>
  );
}

function useIsHere(): (href: string) => boolean {
  const pathname = usePathname();
  return (href) => pathname === href || pathname.startsWith(`${href}/`);
}

function SideNav({ places }: { places: readonly Place[] }) {
  const isHere = useIsHere();
  return (
    <nav aria-label="Main">
      <ul className="space-y-1">
        {places.map(({ href, label, icon: Icon, count }) => (
          <li key={label}>
            <Link
              href={href}
              aria-current={isHere(href) ? "page" : undefined}
              className="flex min-h-11 items-center gap-3 rounded-control px-3 font-medium text-ink-soft transition-colors hover:bg-accent-soft hover:text-ink aria-[current]:bg-accent-soft aria-[current]:text-accent-strong"
            >
              <Icon aria-hidden="true" className="size-5" />
              {label}
              <Count count={count} className="ml-auto" />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function TabBar({ places }: { places: readonly Place[] }) {
  const isHere = useIsHere();
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden"
    >
      {/* Six labels fit on a narrow phone in smaller type only: a sixth of 360 px holds "Recognition" in bold at 9 px. */}
      <ul
        className={clsx(
          "grid auto-cols-fr grid-flow-col",
          places.length > 5 ? "text-[0.5625rem] min-[400px]:text-[0.625rem]" : "text-[0.6875rem]",
        )}
      >
        {places.map(({ href, label, icon: Icon, count }) => (
          <li key={label}>
            <Link
              href={href}
              aria-current={isHere(href) ? "page" : undefined}
              className="relative flex min-h-15 flex-col items-center justify-center gap-0.5 whitespace-nowrap text-ink-soft focus-visible:-outline-offset-4 aria-[current]:font-semibold aria-[current]:text-accent-strong"
            >
              <span
                aria-hidden="true"
                className={clsx("absolute top-0 h-0.5 w-9 rounded-b", isHere(href) && "bg-accent")}
              />
              <Icon aria-hidden="true" className="size-5.5" />
              {label}
              <Count count={count} className="absolute top-1.5 left-[calc(50%+0.4rem)]" />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The number of requests that wait for an answer. */
function Count({ count, className }: { count: number | undefined; className: string }) {
  if (!count) return null;
  const words = `${counted(count, "person asks", "people ask")} to be your contact`;
  return (
    <span
      title={words}
      className={clsx(
        "rounded-full bg-copper px-1.5 text-[0.6875rem] text-paper leading-[1.125rem] tabular-nums",
        className,
      )}
    >
      <span aria-hidden="true">{count}</span>
      <span className="sr-only">: {words}</span>
    </span>
  );
}
