import { createRemoteJWKSet, jwtVerify } from "jose";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import type { FunctionCall } from "../../lib/request/payload.ts";
import { explainCall } from "../explain/explain.ts";
import type { FunctionProcess } from "../function/function_process.ts";
import { clientCredentials, login, roleScopes } from "../zitadel/login.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { type DemoLogin, formatLogin } from "./format_demo.ts";
import type { Stage } from "./stage.ts";

/**
 * Logs a person and a service user in.
 *
 * @throws {Error} If a login is refused, or a token lacks what the mapping gives.
 */
export async function logIn(
  stage: Stage,
  process: FunctionProcess,
): Promise<DemoLogin[]> {
  const { sandbox, organization, project } = stage;
  const app = project.apps[0]!;
  const person = organization.users.find(({ firstName }) => firstName)!;
  const robot = organization.users.find(({ secret }) => secret)!;

  const byCode = await login(sandbox.origin, {
    clientId: app.clientId,
    redirectUri: app.redirectUris[0]!,
    scope: "openid",
    loginName: person.userName,
    password: "any",
    loginClientToken: sandbox.loginClientToken,
  });
  const first = await examine(stage, process, {
    user: `${person.firstName} ${person.lastName}`,
    flow: "authorization code + PKCE",
    accessToken: byCode.accessToken,
  });
  const bySecret = await clientCredentials(sandbox.origin, {
    clientId: robot.userName,
    clientSecret: robot.secret!,
    scope: roleScopes(project.id),
  });
  const second = await examine(stage, process, {
    user: robot.userName,
    flow: "client credentials",
    accessToken: bySecret.accessToken,
  });
  return [first, second];
}

/** Checks the signature of a token just issued, and finds out where its permissions come from. */
async function examine(
  { sandbox, instance, organization, print }: Stage,
  process: FunctionProcess,
  issued: Pick<DemoLogin, "user" | "flow" | "accessToken">,
): Promise<DemoLogin> {
  const exchange = sandbox.exchanges.at(-1)!;
  const { payload: claims } = await jwtVerify(
    issued.accessToken,
    createRemoteJWKSet(new URL("/oauth/v2/keys", sandbox.origin)),
    { issuer: sandbox.origin },
  );
  const { entries } = await listMetadata(instance, organization.id);
  const { permissions, grants } = await explainCall(
    exchange?.request.payload as FunctionCall,
    () => Promise.resolve(parseRoleMapping(entries)),
    { metadataOrganization: "user" },
  );
  const [seen, expected] = [claims["permissions"], permissions].map((it) =>
    JSON.stringify(it)
  );
  if (permissions.length === 0 || seen !== expected) {
    throw new Error(
      `The token's permissions are ${seen} instead of ${expected}. The function wrote:\n${
        process.lines.join("\n")
      }`,
    );
  }
  const roles = grants.flatMap(({ roles }) => roles);
  const sources = permissions.map((permission) => ({
    permission,
    roles: roles.filter((it) => it.permissions.includes(permission))
      .map(({ role }) => role),
  }));
  const login = { ...issued, claims, sources, exchange };
  print(formatLogin(login));
  return login;
}
