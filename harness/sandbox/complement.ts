import type { FunctionResponse } from "./executions.ts";
import type { Claims } from "./user_claims.ts";
import { dated } from "./dated.ts";
import type { User } from "./world.ts";

/** Prefix of ZITADEL's own claims; targets cannot set them. */
const RESERVED_PREFIX = "urn:zitadel:iam";

/**
 * Adds the claims that targets replied to a token's claims. Reserved and
 * standard claims are dropped; a claim that was added before stays, and the log
 * claim says so.
 */
export function complementClaims(
  claims: Claims,
  name: string,
  response: FunctionResponse,
): void {
  const log: string[] = [];
  const standard = new Set(
    Object.keys(claims).filter((key) => !key.startsWith(RESERVED_PREFIX)),
  );
  for (const { key, value } of response.append_claims ?? []) {
    if (key.startsWith(RESERVED_PREFIX) || standard.has(key)) continue;
    if (Object.hasOwn(claims, key)) log.push(`key "${key}" already exists`);
    else claims[key] = value;
  }
  log.push(...response.append_log_claims ?? []);
  if (log.length > 0) {
    claims[`urn:zitadel:iam:action:function/${name}:log`] = log;
  }
}

/** Stores the user metadata that targets replied. */
export function storeUserMetadata(
  user: User,
  response: FunctionResponse,
): void {
  for (const { key, value } of response.set_user_metadata ?? []) {
    user.sequence++;
    user.metadata.set(key, {
      ...dated(user.sequence),
      value: Uint8Array.fromBase64(value),
    });
  }
}
