import type { Page } from "@playwright/test";

/** Answers of the API as they are when something is wrong, without making it wrong. */
export async function answerWithProblem(page: Page, url: string, status: number, code: string, detail: string) {
  const body = { type: `urn:trustmesh:problem:${code}`, title: code, status, detail, code };
  await page.route(url, (route) =>
    route.fulfill({
      status,
      contentType: "application/problem+json",
      headers: { "retry-after": "1" },
      body: JSON.stringify({ ...body, ok: false, success: false, error: detail }),
    }),
  );
}
