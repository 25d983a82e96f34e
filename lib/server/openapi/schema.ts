import "server-only";
import { z } from "zod";

export interface SchemaObject {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

/** A Zod schema as JSON Schema. Of an answer no member may be beyond it; of a request, where its schema says so. */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): SchemaObject {
  const { $schema: _, properties, required, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return { ...rest, ...(properties && { properties }), ...(required && { required }) };
}
