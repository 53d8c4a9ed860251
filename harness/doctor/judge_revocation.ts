import { accessTokenLifetime } from "../zitadel/token_lifetime.ts";
import { answer } from "./answer.ts";
import type { Facts } from "./facts.ts";
import type { Report } from "./finding.ts";
import { getsEvents } from "./judge_targets.ts";

/** The events are bound already. */
const FIX_WITH_EVENTS =
  "shorten the access token's lifetime (console: Default settings > OIDC token lifetimes); for a decision that must hold at once, ask by introspection";

/** States how long a permission that was taken away can live on. */
export async function judgeRevocation(facts: Facts, report: Report) {
  const { owner, config } = facts;
  if (config.value === undefined || !owner) return;
  const { value: seconds } = await answer(() => accessTokenLifetime(owner));
  if (seconds === undefined) return;
  const cacheSeconds = (config.value.freshMs + config.value.staleMs) / 1000;
  const token = duration(seconds);
  const worst = duration(seconds + cacheSeconds);
  if (getsEvents(facts)) {
    const seen =
      `takes effect in new tokens at once, and in all after ${token}, the lifetime of an access token (${worst} if an event is lost)`;
    return report("revocation", "note", seen, { fix: FIX_WITH_EVENTS });
  }
  const cache = duration(cacheSeconds);
  const seen =
    `takes effect in all tokens after at most ${worst}: ${token}, the lifetime of an access token, and ${cache} of CACHE_FRESH_SECONDS and CACHE_STALE_SECONDS`;
  report("revocation", "note", seen);
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
