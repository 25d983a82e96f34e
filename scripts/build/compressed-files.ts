/** Compresses the build's files for browsers once, at the highest level. lib/server/front/answers/build-files.ts serves these copies. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const IS_TEXT = /\.(js|css)$/;

/** Writes `<name>.br` and `<name>.gz` for each script and stylesheet of `<build>/static` into `<build>/compressed`. */
export async function compressFiles(build: string): Promise<void> {
  const [from, to] = [join(build, "static"), join(build, "compressed")];
  rmSync(to, { recursive: true, force: true });
  const names = readdirSync(from, { recursive: true, encoding: "utf8" }).filter((name) => IS_TEXT.test(name));
  await Promise.all(
    names.map(async (name) => {
      const bytes = readFileSync(join(from, name));
      const [brotli, gzipped] = await Promise.all([
        promisify(brotliCompress)(bytes, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
            [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
          },
        }),
        promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
      ]);
      mkdirSync(dirname(join(to, name)), { recursive: true });
      writeFileSync(join(to, `${name}.br`), brotli);
      writeFileSync(join(to, `${name}.gz`), gzipped);
    }),
  );
}
