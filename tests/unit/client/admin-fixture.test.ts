import { expect, it } from "vitest";
import { AdminStatus } from "@/lib/wire/admin";
import { adminStatus } from "@/tests/support/admin-status";

it("the status that browser tests are shown is one that the server could answer", () => {
  for (const step of [0, 3]) {
    const status = adminStatus({ topics: 64, instances: 5, step });
    expect(AdminStatus.parse(status)).toEqual(status);
  }
});
