import { applyResponse, runFunction } from "./executions.ts";
import { functionPayload } from "./function_payload.ts";
import type { Instance } from "./instance.ts";
import { roleRequest } from "./scopes.ts";
import { type Claims, type ClaimsOptions, userClaims } from "./user_claims.ts";

/** Creates the user's claims with what the function's targets add. */
export async function extendedClaims(
  instance: Instance,
  name: "preaccesstoken" | "preuserinfo",
  options: ClaimsOptions,
): Promise<Claims> {
  const { world } = instance;
  const { user, app } = options;
  const request = roleRequest(world, options);
  const claims = userClaims(world, options, request);
  const payload = functionPayload(world, `function/${name}`, {
    ...{ user, clientId: app.clientId, request, userinfo: { ...claims } },
  });
  const reply = await runFunction(instance, name, payload, options.token);
  applyResponse(claims, user, reply);
  return claims;
}
