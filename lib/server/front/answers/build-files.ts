import "server-only";
/**
 * Scripts and stylesheets of the build, from the copies that scripts/build/compressed-files.ts has compressed. Brotli at its highest
 * quality makes them a tenth smaller than the framework's gzip, and compressing costs no CPU here.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BUILD_PREFIX } from "../../../core/own-addresses";
import { encodingOf } from "../../http/answers/compression";
import { headOf } from "../admission/request-head";
import type { Serve } from "../front";
import { write } from "./plain-answer";

/** The framework's own types, for the two kinds of files that are compressed. */
const TYPES: Readonly<Record<string, string>> = {
  js: "application/javascript; charset=UTF-8",
  css: "text/css; charset=UTF-8",
};
/** A request with one of these asks for a part of a file, or for a newer one. The framework knows how to answer. */
const CONDITIONS = ["range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range"];

interface Copies {
  readonly headers: Readonly<Record<string, string>>;
  readonly br: Buffer;
  readonly gzip: Buffer;
}

/** All copies by address: one megabyte of memory. */
function readCopies(build: string): ReadonlyMap<string, Copies> {
  const byAddress = new Map<string, Copies>();
  const folder = join(build, "compressed");
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".br")) continue;
    const name = file.slice(0, -".br".length);
    const { size, mtime } = statSync(join(build, "static", name));
    const address = `/${BUILD_PREFIX}/_next/static/${name.replaceAll("\\", "/")}`;
    byAddress.set(address, {
      headers: {
        "content-type": TYPES[name.slice(name.lastIndexOf(".") + 1)] as string,
        // Each build gives its files new names.
        "cache-control": "public, max-age=31536000, immutable",
        // The framework's own ETag: it answers revalidation of these copies.
        etag: `W/"${size.toString(16)}-${mtime.getTime().toString(16)}"`,
        "last-modified": mtime.toUTCString(),
        vary: "Accept-Encoding",
      },
      br: readFileSync(join(folder, `${name}.br`)),
      gzip: readFileSync(join(folder, `${name}.gz`)),
    });
  }
  return byAddress;
}

/**
 * Answers requests for whole files with their compressed copies, and passes all others to `next`. `build` is the folder of the
 * build. Throws if it has no copies.
 */
export function buildFiles(build: string, next: Serve): Serve {
  const copies = readCopies(build);
  return (request, response) => {
    const head = headOf(request);
    const found = head.method === "GET" ? copies.get(head.target) : undefined;
    const encoding = found === undefined ? null : encodingOf(head.get("accept-encoding") ?? "");
    if (found === undefined || encoding === null || CONDITIONS.some((name) => head.get(name) !== null))
      return next(request, response);
    const headers = { ...found.headers, "content-encoding": encoding };
    write(request, response, { status: 200, headers, body: { shared: found[encoding], end: "" } });
  };
}
