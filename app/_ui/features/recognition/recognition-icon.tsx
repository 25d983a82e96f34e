"use client";
import {
  Ambulance,
  Anchor,
  Award,
  Bird,
  BookOpen,
  Brain,
  Compass,
  Crown,
  Flame,
  Flower2,
  Gem,
  GraduationCap,
  HandHelping,
  Handshake,
  Heart,
  HeartHandshake,
  Leaf,
  Lightbulb,
  type LucideIcon,
  Medal,
  Megaphone,
  MessageCircle,
  Mountain,
  Music,
  Palette,
  Rocket,
  Scale,
  Shield,
  ShieldCheck,
  Soup,
  Sparkles,
  Sprout,
  Star,
  Target,
  ThumbsUp,
  Trophy,
  Users,
  WandSparkles,
  Waves,
  Waypoints,
  Wrench,
  Zap,
} from "lucide-react";
import { useCanDraw } from "@/lib/client/browser/emoji";
import { iconChoice } from "@/lib/client/format/icon-name";

/** Icon names that definitions use. */
const BY_NAME: Readonly<Record<string, LucideIcon>> = {
  ambulance: Ambulance,
  anchor: Anchor,
  award: Award,
  bird: Bird,
  book: BookOpen,
  "book-open": BookOpen,
  brain: Brain,
  chat: MessageCircle,
  compass: Compass,
  crown: Crown,
  flame: Flame,
  fire: Flame,
  flower: Flower2,
  gem: Gem,
  "graduation-cap": GraduationCap,
  hand: HandHelping,
  handshake: Handshake,
  heart: Heart,
  "heart-handshake": HeartHandshake,
  leaf: Leaf,
  lightbulb: Lightbulb,
  medal: Medal,
  megaphone: Megaphone,
  mountain: Mountain,
  music: Music,
  palette: Palette,
  rocket: Rocket,
  scale: Scale,
  scales: Scale,
  shield: Shield,
  "shield-check": ShieldCheck,
  soup: Soup,
  sparkles: Sparkles,
  sprout: Sprout,
  star: Star,
  target: Target,
  "thumbs-up": ThumbsUp,
  trophy: Trophy,
  users: Users,
  team: Users,
  wand: WandSparkles,
  waves: Waves,
  waypoints: Waypoints,
  wrench: Wrench,
  zap: Zap,
  bolt: Zap,
};

/** The icon of that name, otherwise the emoji if this system can draw it, otherwise a medal. */
export function RecognitionIcon({ icon, className }: { icon: string | null; className?: string }) {
  const { name, emoji } = iconChoice(icon);
  const isDrawn = useCanDraw(emoji);
  if (isDrawn) {
    return (
      <span aria-hidden="true" className="text-2xl leading-none">
        {emoji}
      </span>
    );
  }
  const Icon = Object.hasOwn(BY_NAME, name) ? (BY_NAME[name] as LucideIcon) : Award;
  return <Icon aria-hidden="true" className={className} />;
}
