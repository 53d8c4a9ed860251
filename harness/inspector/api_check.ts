/** What the check needs to know. */
export interface ApiCheckOptions {
  readonly issuer: string;
  /** The project's id, as in the token's `aud`; empty if not known. */
  readonly audience: string;
  /** The name of the permissions claim. */
  readonly claim: string;
  /** Its shape, as PERMISSIONS_SHAPE. */
  readonly shape: string;
}

/**
 * Writes the check of `examples/api/` for one claim name and shape, to copy.
 *
 * @param options What is filled in.
 * @returns A JavaScript module.
 */
export function apiCheck(
  { issuer, audience, claim, shape }: ApiCheckOptions,
): string {
  const project = JSON.stringify(audience || "<your project's id>");
  return `import { createRemoteJWKSet, jwtVerify } from "jose";

const issuer = ${JSON.stringify(issuer)};
const audience = ${project};
const keys = createRemoteJWKSet(new URL("/oauth/v2/keys", issuer));

export async function claimsOf(token) {
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience,
    algorithms: ["RS256"],
  });
  return payload;
}

export function hasPermission(claims, permission) {
  const value = claims[${JSON.stringify(claim)}];
${CHECKS[shape] ?? CHECKS.list}
}
`;
}

const CHECKS: Readonly<Record<string, string>> = {
  list: "  return Array.isArray(value) && value.includes(permission);",
  string:
    `  return typeof value === "string" && value.split(" ").includes(permission);`,
  by_project: `  if (!Object.hasOwn(Object(value), audience)) return false;
  const list = value[audience];
  return Array.isArray(list) && list.includes(permission);`,
  by_organization: `  // In any organization. Compare the key to ask for one.
  return Object.values(Object(value)).some((projects) => {
    const list = Object.hasOwn(Object(projects), audience) && projects[audience];
    return Array.isArray(list) && list.includes(permission);
  });`,
};
