export interface PageHeaderProps {
  title: string;
  children?: React.ReactNode;
  action?: React.ReactNode;
}

export function PageHeader({ title, children, action }: PageHeaderProps) {
  return (
    <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="font-display font-semibold text-3xl tracking-tight sm:text-4xl">{title}</h1>
        {children && <p className="mt-1 max-w-prose text-ink-soft">{children}</p>}
      </div>
      {action}
    </header>
  );
}
