import "server-only";
import { z } from "zod/mini";

export interface SchemaObject {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

/** Converts a Zod schema to JSON Schema. An answer may have no other members; a request may not if its schema says so. */
export function jsonSchema(schema: z.ZodMiniType, io: "input" | "output"): SchemaObject {
  const { $schema: _, properties, required, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return { ...rest, ...(properties && { properties }), ...(required && { required }) };
}
