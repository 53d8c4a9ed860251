import type { Browser } from "playwright-core";

/** Where Debian's package puts it. */
const CHROMIUM = "/usr/bin/chromium";

/** What a browser in a container, as root, without a network needs. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Says whether there is a browser to test with. */
export async function missingBrowser(
  path = CHROMIUM,
): Promise<string | undefined> {
  try {
    await Deno.stat(path);
  } catch {
    return `There is no ${path}. Get it by: apt-get install chromium`;
  }
}

/** Starts Debian's Chromium, without a window. */
export async function launchBrowser(): Promise<Browser> {
  // Loading it alone takes all permissions.
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}
