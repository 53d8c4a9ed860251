import { createRemoteJWKSet, jwtVerify } from "jose";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import type { FunctionCall } from "../../lib/request/payload.ts";
import { tint } from "../cli/terminal.ts";
import { explainCall } from "../explain/explain.ts";
import type { FunctionProcess } from "../function/function_process.ts";
import { clientCredentials, login, roleScopes } from "../zitadel/login.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { INDENT, indent } from "./format_demo.ts";
import { formatToken } from "./format_token.ts";
import type { Stage } from "./stage.ts";

/** What is shown of a call; ZITADEL sends much more. */
interface Call {
  readonly function: string;
  readonly user_grants?: readonly {
    readonly project_name: string;
    readonly roles?: readonly string[];
  }[];
}

/** The column where the content of a call begins. */
const CALL_INDENT = 25;
/** How much of a signature is shown, in characters. */
const SIGNATURE_LENGTH = 32;

/** A token, and how it came about. */
export type DemoLogin = Awaited<ReturnType<typeof examine>>;

/**
 * Logs a person and a service user in.
 *
 * @throws {Error} If a login is refused, or a token lacks what the mapping gives.
 */
export async function logIn(
  stage: Stage,
  process: FunctionProcess,
) {
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
  const logins = [first, second];
  stage.print(formatTokens(logins));
  return logins;
}

/** Checks the signature of a token just issued, and finds out where its permissions come from. */
async function examine(
  { sandbox, instance, organization, print }: Stage,
  process: FunctionProcess,
  issued: { user: string; flow: string; accessToken: string },
) {
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

/** Formats ZITADEL's call of the function for a login, and the answer. */
function formatLogin({ user, flow, exchange }: DemoLogin): string[] {
  const { request, reply, error, ms } = exchange;
  const call = request.payload as Call;
  const grants = (call.user_grants ?? []).map(({ project_name, roles }) =>
    `${project_name}: ${roles?.join(", ")}`
  );
  const signature = request.headers["zitadel-signature"] ?? "";
  const spoken = (who: string, texts: string[]) => {
    const lines = texts.flatMap((text) => indent(text, CALL_INDENT));
    const label = " ".repeat(INDENT + 2) + who;
    lines[0] = label.padEnd(CALL_INDENT) + lines[0]!.slice(CALL_INDENT);
    return lines;
  };
  return [
    ...indent(tint("strong", `${user}, by ${flow}`), INDENT),
    ...spoken("ZITADEL sends", [
      `ZITADEL-Signature: ${signature.slice(0, SIGNATURE_LENGTH)}...`,
      call.function,
      ...grants,
    ]),
    ...spoken("the answer", [
      `${error ?? reply?.status}, after ${Math.round(ms)} ms`,
      (reply?.body ?? "").replaceAll('","', '", "'),
    ]),
  ];
}

/** The first token in full; of the others, the permissions. */
function formatTokens([first, ...others]: DemoLogin[]): string[] {
  const margin = " ".repeat(INDENT);
  return [
    "",
    margin +
    tint(
      "strong",
      `The access token of ${first!.user}, its signature verified`,
    ),
    ...formatToken(first!.claims, first!.sources).map((line) => margin + line),
    ...others.map(({ user, sources }) => {
      const permissions = sources.map(({ permission, roles }) =>
        `${tint("good", `"${permission}"`)}  ${
          tint("faint", `// ${roles.join(", ")}`)
        }`
      );
      return `${margin}That of ${user} permits ${permissions.join(", ")}`;
    }),
  ];
}
