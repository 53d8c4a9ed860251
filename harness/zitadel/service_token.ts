import type { Config } from "../../lib/config/settings.ts";
import { createAccessTokenSource } from "../../lib/zitadel/access_token.ts";
import { connectionTo } from "./connection.ts";

/** The deadline for a token of an operator's task, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Gets the bearer token that the function would use. */
export function getServiceToken(
  { origin, credential }: Pick<Config, "origin" | "credential">,
): Promise<string> {
  const connection = connectionTo({
    domainOrigin: origin,
    timeoutMs: TIMEOUT_MS,
  });
  return createAccessTokenSource(credential, { connection, log: () => {} })
    .get();
}
