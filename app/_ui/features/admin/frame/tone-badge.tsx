import type { Tone } from "@/lib/client/admin/sentences";
import { Badge } from "../../../primitives/badge";

const TONES = { good: "accent", notice: "gold", bad: "copper", plain: "plain" } as const;

export const ToneBadge = ({ tone, children }: { tone: Tone; children: React.ReactNode }) => (
  <Badge tone={TONES[tone]}>{children}</Badge>
);
