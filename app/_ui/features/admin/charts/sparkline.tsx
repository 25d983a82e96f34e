import { counted, whole } from "@/lib/client/format/numbers";

const WIDTH = 120;
const HEIGHT = 28;

/** Messages in each of the last minutes. The last bar is the current minute, which has not ended. */
export function Sparkline({ perMinute }: { perMinute: readonly number[] }) {
  const most = Math.max(...perMinute, 1);
  const step = WIDTH / Math.max(1, perMinute.length);
  const total = perMinute.reduce((sum, count) => sum + count, 0);
  const words =
    total === 0
      ? `No messages in the last ${perMinute.length} minutes`
      : `${counted(total, "message")} in the last ${perMinute.length} minutes, at most ${whole(most)} in one`;
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
      className="block h-7 w-full text-accent"
    >
      <path d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} className="stroke-line" strokeWidth="1" />
      {perMinute.map((count, minute) => {
        const height = (count / most) * (HEIGHT - 2);
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a minute is identified by its index
            key={minute}
            x={minute * step + step * 0.12}
            y={HEIGHT - 1 - height}
            width={step * 0.76}
            height={height}
            fill="currentColor"
            opacity={minute === perMinute.length - 1 ? 0.55 : 1}
          />
        );
      })}
    </svg>
  );
}

/** A sparkline with its caption. */
export function MessagesAMinute({ perMinute }: { perMinute: readonly number[] }) {
  return (
    <div>
      <p className="mb-1 text-ink-soft text-sm">Messages per minute, last 30 minutes</p>
      <Sparkline perMinute={perMinute} />
    </div>
  );
}
