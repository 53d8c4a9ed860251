import type { Facts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";

/** The events are bound already. */
const FIX_WITH_EVENTS =
  "shorten the access token's lifetime (console: Default settings > OIDC token lifetimes); for a decision that must hold at once, ask by introspection";

/** States how long a permission that was taken away can live on. */
export function judgeRevocation(
  { config, tokenSeconds }: Facts,
  findings: readonly Finding[],
): Finding[] {
  if (config.value === undefined || !tokenSeconds?.value) return [];
  const { freshMs, staleMs } = config.value;
  const cacheSeconds = (freshMs + staleMs) / 1000;
  const hasEvents = findings.some(({ check, level }) =>
    check === "events" && level === "ok"
  );
  const token = duration(tokenSeconds.value);
  const worst = duration(tokenSeconds.value + cacheSeconds);
  return [
    finding(
      "revocation",
      "note",
      hasEvents
        ? `takes effect in new tokens at once, and in all after ${token}, the lifetime of an access token (${worst} if an event is lost)`
        : `takes effect in all tokens after at most ${worst}: ${token}, the lifetime of an access token, and ${
          duration(cacheSeconds)
        } of CACHE_FRESH_SECONDS and CACHE_STALE_SECONDS`,
      { fix: hasEvents ? FIX_WITH_EVENTS : undefined },
    ),
  ];
}

function duration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds % 3600 / 60);
  const rest = Math.round(seconds % 60);
  const parts = [
    hours > 0 ? `${hours} h` : "",
    minutes > 0 ? `${minutes} min` : "",
    rest > 0 ? `${rest} s` : "",
  ];
  return parts.filter(Boolean).join(" ") || "0 s";
}
