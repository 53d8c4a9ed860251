import type { Facts } from "./facts.ts";
import type { Report } from "./finding.ts";
import { getsEvents } from "./judge_targets.ts";

/** The events are bound already. */
const FIX_WITH_EVENTS =
  "shorten the access token's lifetime (console: Default settings > OIDC token lifetimes); for a decision that must hold at once, ask by introspection";

/** States how long a permission that was taken away can live on. */
export function judgeRevocation(facts: Facts, report: Report): void {
  const { config, tokenSeconds } = facts;
  if (config.value === undefined || !tokenSeconds?.value) return;
  const { freshMs, staleMs } = config.value;
  const cacheSeconds = (freshMs + staleMs) / 1000;
  const token = duration(tokenSeconds.value);
  const worst = duration(tokenSeconds.value + cacheSeconds);
  if (getsEvents(facts)) {
    const seen =
      `takes effect in new tokens at once, and in all after ${token}, the lifetime of an access token (${worst} if an event is lost)`;
    return report("revocation", "note", seen, { fix: FIX_WITH_EVENTS });
  }
  report(
    "revocation",
    "note",
    `takes effect in all tokens after at most ${worst}: ${token}, the lifetime of an access token, and ${
      duration(cacheSeconds)
    } of CACHE_FRESH_SECONDS and CACHE_STALE_SECONDS`,
  );
}

function duration(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds % 3600 / 60), "min"],
    [Math.round(seconds % 60), "s"],
  ];
  return parts.filter(([number]) => number > 0)
    .map(([number, unit]) => `${number} ${unit}`).join(" ") || "0 s";
}
