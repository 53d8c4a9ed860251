import { applyResponse, runFunction } from "./executions.ts";
import { functionPayload } from "./function_payload.ts";
import type { Instance } from "./instance.ts";
import { roleRequest } from "./scopes.ts";
import { type Claims, userClaims } from "./user_claims.ts";
import type { User } from "./world.ts";

export interface ExtendedClaimsOptions {
  readonly user: User;
  readonly scopes: readonly string[];
  /** The asking application, and the project whose roles it may see. */
  readonly app: { readonly clientId: string; readonly projectId?: string };
  /** Whether `profile`, `email` and similar scopes add claims. */
  readonly profile: boolean;
  /** Whether roles are claims. */
  readonly roles: boolean;
  /** Whether only grants of the application's own project count. */
  readonly isOnlyOwn?: boolean;
  /** The id of the access token that is being issued. */
  readonly token?: string;
}

/** Creates the user's claims with what the function's targets add. */
export async function extendedClaims(
  instance: Instance,
  name: "preaccesstoken" | "preuserinfo",
  { user, app, ...options }: ExtendedClaimsOptions,
): Promise<Claims> {
  const { world } = instance;
  const { projectId, clientId } = app;
  const { scopes, isOnlyOwn = false } = options;
  const request = roleRequest(world, scopes, { projectId, isOnlyOwn });
  const userinfo = userClaims(world, user, { ...options, request, projectId });
  const response = await runFunction(
    instance,
    name,
    functionPayload(instance, name, { user, clientId, request, userinfo }),
    options.token,
  );
  const claims = { ...userinfo };
  applyResponse(claims, user, name, response);
  return claims;
}
