import { type Browser, chromium } from "playwright-core";

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

/**
 * Says whether there is a browser to test with.
 *
 * @returns What to do to get one, or `undefined` where there is one.
 */
export async function missingBrowser(): Promise<string | undefined> {
  try {
    await Deno.stat(CHROMIUM);
  } catch {
    return `There is no ${CHROMIUM}. Get it by: apt-get install chromium`;
  }
}

/**
 * Starts Debian's Chromium, without a window.
 *
 * @returns The browser; close it when done.
 *
 * @internal The driver's types are not documented here.
 */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}
