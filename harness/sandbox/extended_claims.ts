import { applyResponse, runFunction } from "./executions.ts";
import { functionPayload } from "./function_payload.ts";
import type { Instance } from "./instance.ts";
import { roleRequest } from "./scopes.ts";
import {
  type Claims,
  type ClaimsOptions,
  roleClaims,
  userClaims,
} from "./user_claims.ts";
import { activeGrants } from "./world.ts";

/** Creates the user's claims with what the function's targets add. */
export async function extendedClaims(
  instance: Instance,
  name: "preaccesstoken" | "preuserinfo",
  options: ClaimsOptions,
): Promise<Claims> {
  const { world } = instance;
  const { user, app } = options;
  const request = roleRequest(world, options);
  const grants = activeGrants(world, user.id)
    .filter(({ projectId }) => request.projects.has(projectId));
  const claims = userClaims(world, options, roleClaims(world, grants, request));
  const payload = functionPayload(world, `function/${name}`, {
    ...{ user, clientId: app.clientId, grants, userinfo: { ...claims } },
  });
  const reply = await runFunction(instance, name, payload, options.token);
  applyResponse(claims, user, reply);
  return claims;
}
