import type { Credential } from "../config/credential.ts";
import { remark } from "../errors.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../util/clock.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long before its end a credential is reported, in milliseconds. */
const REPORT_BEFORE_MS = 14 * DAY_MS;

/** Reports a credential that ends soon, at once and then daily. Only key files name their end. */
export function reportExpiry(
  credential: Credential,
  { now, timeout, log }: Clock & { readonly log: Log },
): void {
  const expires = credential.kind === "jwt_profile" &&
    credential.key.expirationDate;
  if (!expires) return;
  const report = () => {
    const remainingMs = Date.parse(expires) - now();
    if (remainingMs < REPORT_BEFORE_MS) {
      log(remark("expiring_credential", "The service user's key ends soon", {
        expires,
        days: Math.floor(remainingMs / DAY_MS),
      }));
    }
    timeout(DAY_MS).addEventListener("abort", report, { once: true });
  };
  report();
}
