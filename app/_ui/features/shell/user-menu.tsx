"use client";
import clsx from "clsx";
import { ChevronsUpDown, LogOut, Monitor, MonitorOff, Moon, SlidersHorizontal, Sun } from "lucide-react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { reasonOf } from "@/lib/client/api/http";
import { signOut, useSession } from "@/lib/client/api/session";
import { chooseTheme, parseTheme, type Theme } from "@/lib/client/browser/theme";
import { usePeople } from "@/lib/client/format/people";
import { Avatar } from "../../primitives/avatar";
import { Menu } from "../../primitives/overlays/menu";
import { useToast } from "../../primitives/overlays/toast";

const OPTIONS = [
  { value: "system", label: "Like the system", icon: <Monitor aria-hidden="true" className="size-4" /> },
  { value: "light", label: "Light", icon: <Sun aria-hidden="true" className="size-4" /> },
  { value: "dark", label: "Dark", icon: <Moon aria-hidden="true" className="size-4" /> },
] as const;

function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>("system");
  useEffect(() => setTheme(parseTheme(document.documentElement.dataset.theme)), []);
  const choose = (next: Theme) => {
    chooseTheme(next);
    setTheme(next);
  };
  return [theme, choose];
}

export function UserMenu({ wide = false }: { wide?: boolean }) {
  const { self, person } = usePeople();
  const [theme, choose] = useTheme();
  const { data: session } = useSession();
  const say = useToast();
  if (!self) return null;
  const { name } = person(self);
  const leave = (how?: { everywhere: boolean }) =>
    signOut(how).then(
      // A new page, so that nothing of one person stays in memory for the next.
      () => window.location.assign("/sign-in"),
      (error) => say({ tone: "bad", title: "Still signed in", detail: reasonOf(error) }),
    );

  const trigger = (
    <button
      type="button"
      aria-label={`Account of ${name}`}
      className={clsx(
        "flex items-center gap-3 text-left hover:bg-accent-soft",
        wide ? "w-full rounded-control px-2 py-2" : "rounded-full p-0.5",
      )}
    >
      <Avatar id={self} name={name} size={wide ? "md" : "sm"} />
      {wide && (
        <>
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium text-sm">{name}</span>
            <span className="ledger block truncate text-ink-faint text-xs">{self}</span>
          </span>
          <ChevronsUpDown aria-hidden="true" className="size-4 text-ink-faint" />
        </>
      )}
    </button>
  );

  return (
    <Menu trigger={trigger}>
      {({ MenuChoice, MenuItem, MenuSeparator }) => (
        <>
          <MenuChoice value={theme} onChange={choose} options={OPTIONS} />
          <MenuSeparator />
          {session?.admin && (
            <MenuItem asChild>
              <Link href="/admin">
                <SlidersHorizontal aria-hidden="true" className="size-4" />
                Operate
              </Link>
            </MenuItem>
          )}
          <MenuItem onSelect={() => void leave()}>
            <LogOut aria-hidden="true" className="size-4" />
            Sign out
          </MenuItem>
          <MenuItem onSelect={() => void leave({ everywhere: true })}>
            <MonitorOff aria-hidden="true" className="size-4" />
            Sign out everywhere
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
