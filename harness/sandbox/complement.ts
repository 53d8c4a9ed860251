import type { FunctionResponse } from "./executions.ts";
import type { Claims } from "./user_claims.ts";
import { dated } from "./dated.ts";
import type { User } from "./world.ts";

/** Claims with this prefix are ZITADEL's own; targets cannot set them. */
const RESERVED_PREFIX = "urn:zitadel:iam";

/**
 * Adds what targets answered to claims: reserved keys and standard claims that
 * are there already are dropped, a key that was added before stays as it is,
 * which is noted in the log claim.
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

/** Stores the metadata of the user that targets answered. */
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
