import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NextConfig } from "next";
import { describe, expect, it } from "vitest";
import { generateMetadata } from "@/app/layout";
import { BUILD_PREFIX, OWN_FILES } from "@/lib/core/own-addresses";
import { config } from "@/proxy";

/** Files about the whole site: where another deployment has it, they are that deployment's. */
const OF_THE_SITE = ["favicon.ico", "manifest.webmanifest", "robots.txt"];
/** The files of public/ that git knows. A build makes the wallet connector. */
const FILES = readdirSync("public").filter((name) => !name.startsWith("wallet-connector"));
const isPage = new RegExp(`^${config.matcher[0]}$`);

/** Width and height of a PNG, out of its header. */
function sizeOf(path: string): readonly [number, number] {
  const bytes = readFileSync(path);
  expect(bytes.subarray(1, 4).toString("latin1"), path).toBe("PNG");
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

describe("public/", () => {
  it("contains only files that need no policy of pages", () => {
    expect(FILES.length).toBeGreaterThan(5);
    for (const name of FILES.filter((name) => !OF_THE_SITE.includes(name))) expect(`/${name}`).not.toMatch(isPage);
  });

  it("holds, with Next's build, all files that stay ours in front of another deployment", async () => {
    const own = [...FILES.filter((name) => !OF_THE_SITE.includes(name)), "icon.svg", "wallet-connector.js"].toSorted();
    expect(OWN_FILES).toEqual(own);
    const named = [...(config.matcher[0] as string).matchAll(/[\w-]+\\\.(?:svg|png|js)/g)];
    expect(named.map(([name]) => name.replace("\\", "")).toSorted()).toEqual(own);
    expect(`/${BUILD_PREFIX}/_next/static/a.js`).not.toMatch(isPage);
    expect("/_next/static/a.js").toMatch(isPage);
    const { default: framework } = (await import(join(process.cwd(), "next.config.mjs"))) as { default: NextConfig };
    expect(framework.assetPrefix).toBe(`/${BUILD_PREFIX}`);
    const sources = (await framework.headers?.())?.map(({ source }) => source) ?? [];
    expect(new Set(sources)).toEqual(new Set([`/:path(${[`${BUILD_PREFIX}/.*`, ...own].join("|")})`]));
  });

  it("has a manifest whose icons are there, in the size that it says", () => {
    const manifest = JSON.parse(readFileSync("public/manifest.webmanifest", "utf8")) as {
      icons: { src: string; sizes: string; type: string; purpose?: string }[];
    };
    expect(manifest.icons.map(({ purpose = "any" }) => purpose)).toContain("maskable");
    for (const { src, sizes, type } of manifest.icons.filter(({ type }) => type === "image/png"))
      expect([sizeOf(`public${src}`).join("x"), type]).toEqual([sizes, "image/png"]);
  });

  it("keeps robots out of people's pages", () => {
    expect(readFileSync("public/robots.txt", "utf8")).toContain("User-agent: *\nAllow: /sign-in\nDisallow: /\n");
  });
});

describe("the metadata of pages", () => {
  it("names files that exist, with their sizes", () => {
    const { manifest, icons } = generateMetadata();
    expect(FILES).toContain(String(manifest).slice(1));
    expect(sizeOf(`public${(icons as { apple: string }).apple}`)).toEqual([180, 180]);
  });

  it("has a picture for shared links if the deployment knows its name", () => {
    const before = process.env.APP_DOMAIN;
    try {
      process.env.APP_DOMAIN = "trustmesh.example";
      const { metadataBase, openGraph } = generateMetadata();
      const [image] = (openGraph as { images: { url: string; width: number; height: number }[] }).images;
      expect(new URL(image?.url ?? "", metadataBase as URL).href).toBe("https://trustmesh.example/social.png");
      expect(sizeOf(`public${image?.url}`)).toEqual([image?.width, image?.height]);
      process.env.APP_DOMAIN = "";
      expect(generateMetadata().openGraph).toBeUndefined();
    } finally {
      if (before === undefined) delete process.env.APP_DOMAIN;
      else process.env.APP_DOMAIN = before;
    }
  });
});
