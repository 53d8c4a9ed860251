import type { Browser } from "playwright-core";
import { denoEnvironment, OF_TOOLS } from "../util/deno_environment.ts";

/** Installed by Debian's package. */
const CHROMIUM = "/usr/bin/chromium";

/** What a browser needs in a container, as root and without a network. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Returns how to install the browser, or `undefined` if it is installed. */
export async function missingBrowser(): Promise<string | undefined> {
  try {
    await Deno.stat(CHROMIUM);
  } catch {
    return `There is no ${CHROMIUM}. Get it by: apt-get install chromium`;
  }
}

/** Starts Debian's Chromium without a window. */
export async function launchBrowser(): Promise<Browser> {
  // Loading it takes all permissions.
  const { chromium } = await import("playwright-core");
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: FLAGS,
    env: denoEnvironment(Deno.env.toObject(), OF_TOOLS),
  });
}
