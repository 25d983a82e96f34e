/** Runs once when the framework's server starts: opens the app before the first request, and closes it in order at the end. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { startWithFramework } = await import("./lib/server/boot/lifecycle");
  await startWithFramework();
}
