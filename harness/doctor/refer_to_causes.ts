import { CHECKS } from "./checks.ts";
import type { Finding } from "./finding.ts";

/**
 * Lets a live check that failed name the broken checks as what to fix first.
 * They are reported before it.
 */
export function referToCauses(
  live: Finding,
  findings: readonly Finding[],
): Finding {
  if (live.level !== "broken" || live.fix !== CHECKS.live.fix) return live;
  const causes = findings.filter(({ level }) => level === "broken")
    .map(({ check }) => CHECKS[check].title);
  return causes.length === 0 ? live : {
    ...live,
    fix: `fix what is reported above first (${
      [...new Set(causes)].join(", ")
    }); then read the function's log`,
  };
}
