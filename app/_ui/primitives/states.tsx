import { CloudOff } from "lucide-react";
import { Button } from "./button";

interface StateProps {
  title: string;
  children?: React.ReactNode;
  icon?: React.ReactNode;
  action?: React.ReactNode;
  /** Set if this is the whole page. Its title is then the page's title. */
  wholePage?: boolean;
}

/** Says that nothing is here yet, and what to do. */
export function EmptyState({ title, children, icon, action, wholePage = false }: StateProps) {
  const Title = wholePage ? "h1" : "p";
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-12 text-center">
      {icon && <span className="mb-1 text-accent [&>svg]:size-9">{icon}</span>}
      <Title className="font-display font-semibold text-lg">{title}</Title>
      {children && <div className="max-w-prose text-balance text-ink-soft">{children}</div>}
      {action && <div className="mt-3">{action}</div>}
    </div>
  );
}

interface ErrorStateProps {
  title: string;
  reason: string;
  /** Null if it does not help to try again. */
  onRetry: (() => void) | null;
  wholePage?: boolean;
}

/** Says why something could not be read, with a button to try again if that may help. */
export function ErrorState({ title, reason, onRetry, wholePage = false }: ErrorStateProps) {
  return (
    <div role="alert">
      <EmptyState
        title={title}
        wholePage={wholePage}
        icon={<CloudOff aria-hidden="true" className="text-copper" />}
        action={onRetry && <Button onClick={onRetry}>Try again</Button>}
      >
        {reason}
      </EmptyState>
    </div>
  );
}
