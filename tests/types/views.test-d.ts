/**
 * Holds at compile time: what core/signals/views makes is what lib/wire promises, member for member. Nothing here runs; a view that
 * lacks, adds or retypes a member does not compile.
 */
import type { circleView, contactsView, definitionView, profileView, signalView } from "@/lib/core/signals/views";
import type { Freshness } from "@/lib/wire/common";
import type { CircleAnswer, ContactsAnswer } from "@/lib/wire/contacts";
import type { Definition, Profile } from "@/lib/wire/recognition";
import type { Signal } from "@/lib/wire/signals";

type View<F extends (...args: never[]) => unknown> = ReturnType<F>;
/** Members that a route adds to every per-user view. */
type Age = keyof Freshness | "position";

/** Readonly lists and branded ids of core become the contract's plain ones on the way through JSON. */
type Json<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer E)[]
    ? Json<E>[]
    : { -readonly [K in keyof T]: Json<T[K]> };

type Extends<Made, Promised> = [Json<Made>] extends [Promised] ? true : { made: Json<Made>; promised: Promised };
/** A member that the contract does not know would be sent all the same. */
type NothingMore<Made, Promised> = [keyof Made] extends [keyof Promised] ? true : Exclude<keyof Made, keyof Promised>;
type Holds<T extends true> = T;

type ContactsPart = Omit<ContactsAnswer, Age | "timestamp">;
type CirclePart = Omit<CircleAnswer, Age | "_meta" | "timestamp">;

export type Contract = [
  Holds<Extends<View<typeof contactsView>, ContactsPart>>,
  Holds<NothingMore<View<typeof contactsView>, ContactsPart>>,
  Holds<NothingMore<View<typeof contactsView>["contacts"][number], ContactsPart["contacts"][number]>>,
  Holds<Extends<View<typeof circleView>, CirclePart>>,
  Holds<NothingMore<View<typeof circleView>, CirclePart>>,
  Holds<NothingMore<View<typeof circleView>["trustStats"], CirclePart["trustStats"]>>,
  Holds<Extends<View<typeof signalView>, Signal>>,
  Holds<NothingMore<View<typeof signalView>, Signal>>,
  Holds<Extends<View<typeof definitionView>, Definition>>,
  Holds<NothingMore<View<typeof definitionView>, Definition>>,
  Holds<Extends<View<typeof profileView>, Profile>>,
  Holds<NothingMore<View<typeof profileView>, Profile>>,
];

// The asserts assert: each of these would compile if they did not.
export type Refusals = [
  // @ts-expect-error a member of another type
  Holds<Extends<{ id: number }, { id: string }>>,
  // @ts-expect-error a missing member
  Holds<Extends<{ id: string }, { id: string; title: string }>>,
  // @ts-expect-error one member too many
  Holds<NothingMore<{ id: string; secret: string }, { id: string }>>,
];
