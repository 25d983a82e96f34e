import {
  Award,
  BookOpen,
  Brain,
  Compass,
  Crown,
  Flame,
  Gem,
  Handshake,
  Heart,
  HeartHandshake,
  Leaf,
  Lightbulb,
  type LucideIcon,
  Medal,
  MessageCircle,
  Mountain,
  Music,
  Palette,
  Rocket,
  Scale,
  Shield,
  ShieldCheck,
  Sparkles,
  Star,
  Target,
  ThumbsUp,
  Trophy,
  Users,
  Wrench,
  Zap,
} from "lucide-react";

/** Names that definitions use for their icon. */
const BY_NAME: Readonly<Record<string, LucideIcon>> = {
  award: Award,
  book: BookOpen,
  "book-open": BookOpen,
  brain: Brain,
  chat: MessageCircle,
  compass: Compass,
  crown: Crown,
  flame: Flame,
  fire: Flame,
  gem: Gem,
  handshake: Handshake,
  heart: Heart,
  "heart-handshake": HeartHandshake,
  leaf: Leaf,
  lightbulb: Lightbulb,
  medal: Medal,
  mountain: Mountain,
  music: Music,
  palette: Palette,
  rocket: Rocket,
  scale: Scale,
  scales: Scale,
  shield: Shield,
  "shield-check": ShieldCheck,
  sparkles: Sparkles,
  star: Star,
  target: Target,
  "thumbs-up": ThumbsUp,
  trophy: Trophy,
  users: Users,
  team: Users,
  wrench: Wrench,
  zap: Zap,
  bolt: Zap,
};

const EMOJI = /^\p{Extended_Pictographic}/u;

/** A known name, an emoji, or the medal of all the others. */
export function RecognitionIcon({ icon, className }: { icon: string | null; className?: string }) {
  const name = icon?.trim().toLowerCase() ?? "";
  if (EMOJI.test(name) && name.length <= 12) {
    return (
      <span aria-hidden="true" className="text-2xl leading-none">
        {name}
      </span>
    );
  }
  const Icon = Object.hasOwn(BY_NAME, name) ? (BY_NAME[name] as LucideIcon) : Award;
  return <Icon aria-hidden="true" className={className} />;
}
