import { compact } from "@/lib/client/format/numbers";

/** The head of a table with a column for each number of users. */
export function UsersHead({ scales }: { scales: readonly number[] }) {
  return (
    <thead>
      <tr className="border-line-strong border-b">
        <th scope="col" className="py-2 pr-2 text-left font-medium text-ink-soft">
          Users
        </th>
        {scales.map((users) => (
          <th key={users} scope="col" className="px-2 py-2 text-right font-medium tabular-nums last:pr-0">
            {compact(users)}
          </th>
        ))}
      </tr>
    </thead>
  );
}
