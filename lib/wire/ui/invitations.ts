/** Invitations as the web UI shortens them for a QR code. */
import * as z from "zod";

/** A code on a screen is scanned within a minute or two. */
const MAX_TTL_S = 600;

/** `POST /api/qr/shorten` */
export const ShortenBody = z.object({
  d: z
    .string()
    .min(2)
    .max(4_000)
    .meta({ description: "The caller's invitation: a CONTACT_REQUEST with a `jti`, as JSON" }),
  ttl: z.number().int().positive().max(MAX_TTL_S).default(300).meta({ description: "Seconds" }),
});

const ExpiresAt = z.number().int().meta({ description: "Epoch milliseconds" });

export const ShortenAnswer = z.object({ code: z.string(), expiresAt: ExpiresAt });

export const ResolveQuery = z.object({
  c: z
    .string()
    .regex(/^[\w-]{1,40}$/, "a code of letters, digits, _ and -")
    .meta({ description: "The code" }),
});

/** `GET /api/qr/resolve` */
export const ResolveAnswer = z.object({ d: z.string(), expiresAt: ExpiresAt });
