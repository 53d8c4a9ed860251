import type { Facts } from "./facts.ts";
import type { Report } from "./finding.ts";

/** When the minor releases came out that this project was tested with (npm's registry). */
const RELEASED: Readonly<Record<string, string>> = { "2.9": "2026-06-25" };

/**
 * Deno fixes its newest minor release only, and brings out one every 12 weeks
 * (docs.deno.com, "Stability and releases", July 2026). So after 36 weeks a
 * release has had no fixes for about half a year.
 */
const MAX_AGE_MS = 36 * 7 * 24 * 60 * 60 * 1_000;

/** Reports a function whose Deno is older than what gets fixes. */
export function judgeDeno(
  { canaries, now }: Pick<Facts, "canaries" | "now">,
  report: Report,
): void {
  for (const { endpoint, result: { identity } } of canaries) {
    const version = identity?.deno ?? "";
    const released = RELEASED[version.split(".", 2).join(".")];
    if (!released || now - Date.parse(released) < MAX_AGE_MS) continue;
    report(
      "deno",
      "warning",
      `${endpoint} runs on Deno ${version}, a minor release of ${released}`,
    );
  }
}
