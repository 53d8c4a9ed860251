import type { FunctionCall } from "../request/payload.ts";

/** Why a call is answered without a look-up. */
export type WhyUnlisted = "unlisted" | "unnamed";

/**
 * Reports why the application that a token is for gets no permissions;
 * `undefined` if it does. At introspection ZITADEL names the API that asks.
 * Service users are their own application, and a SAML assertion names its
 * audience, so neither is limited. ZITADEL names no application before v4
 * (fixtures/older/v3.4.9).
 */
export function whyUnlisted(
  { function: name, application, user }: Pick<
    FunctionCall,
    "function" | "application" | "user"
  >,
  applications: ReadonlySet<string> | undefined,
): WhyUnlisted | undefined {
  if (!applications || name === "function/presamlresponse") return undefined;
  if (user?.machine) return undefined;
  const clientId = application?.client_id;
  if (!clientId) return "unnamed";
  return applications.has(clientId) ? undefined : "unlisted";
}
