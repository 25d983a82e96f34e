import { expect, it } from "vitest";
import { publicOrigin } from "@/lib/server/config/public-origin";

it.each([
  [{ APP_DOMAIN: "trustmesh.example, www.trustmesh.example" }, "https://trustmesh.example"],
  [{ APP_DOMAIN: ' "TrustMesh.example:8443" ' }, "https://trustmesh.example:8443"],
  [{ VERCEL_PROJECT_PRODUCTION_URL: "mesh.vercel.app" }, "https://mesh.vercel.app"],
  [{ APP_DOMAIN: "a.example", VERCEL_PROJECT_PRODUCTION_URL: "mesh.vercel.app" }, "https://a.example"],
  [{ APP_DOMAIN: "" }, null],
  [{}, null],
])("the public origin of %j is %s", (source, origin) => {
  expect(publicOrigin(source)).toBe(origin);
});
