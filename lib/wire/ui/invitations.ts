/** Invitations as the web UI shortens them for a QR code. */
import * as z from "zod/mini";
import { described } from "../common";

/** A code on a screen is scanned within a minute or two. */
const MAX_TTL_S = 600;

/** `POST /api/qr/shorten` */
export const ShortenBody = z.object({
  d: described(
    z.string().check(z.minLength(2), z.maxLength(4_000)),
    "The caller's invitation: a CONTACT_REQUEST with a `jti`, as JSON",
  ),
  ttl: described(z._default(z.int().check(z.positive(), z.maximum(MAX_TTL_S)), 300), "Seconds"),
});

const ExpiresAt = described(z.int(), "Epoch milliseconds");

export const ShortenAnswer = z.object({ code: z.string(), expiresAt: ExpiresAt });

export const ResolveQuery = z.object({
  c: described(z.string().check(z.regex(/^[\w-]{1,40}$/, "must be a code of letters, digits, _ and -")), "The code"),
});

/** `GET /api/qr/resolve` */
export const ResolveAnswer = z.object({ d: z.string(), expiresAt: ExpiresAt });
