/** What an API answered to one call. */
export interface ApiResult {
  readonly status: number;
  /** Why, if it refused. */
  readonly reason: string;
}

/** What is filled in. */
export interface ApiCheckOptions {
  readonly issuer: string;
  /** The project's id, as in the token's `aud`; empty if not known. */
  readonly audience: string;
  /** The application's client id; empty if not known. */
  readonly clientId: string;
  /** The name of the permissions claim. */
  readonly claim: string;
  /** Where in the claim to look, as the shape requires. */
  readonly place: { readonly project?: string; readonly organization?: string };
}

const EXAMPLE = new URL("../../examples/api/express.mjs", import.meta.url);

/** The example's part that checks: after its settings, before its routes. */
const CHECK = /^const keys = [^]*?(?=^const app = )/m;

/**
 * Writes the check of `examples/api/express.mjs` with its settings filled in.
 *
 * @param options What is filled in.
 * @returns A module to copy.
 * @throws {Error} If the example has no such part.
 */
export async function apiCheck(
  { issuer, audience, clientId, claim, place }: ApiCheckOptions,
): Promise<string> {
  const example = await Deno.readTextFile(EXAMPLE);
  const check = CHECK.exec(example)?.[0];
  if (check === undefined) {
    throw new Error(`Cannot find the check in ${EXAMPLE.pathname}`);
  }
  return `import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const issuers = [${JSON.stringify(issuer)}];
const audience = ${JSON.stringify(audience || "<your project's id>")};
const applications = [${
    JSON.stringify(clientId || "<your application's client id>")
  }];
const claim = ${JSON.stringify(claim)};
const place = ${JSON.stringify(place)};

${check.trimEnd()}
`;
}

/**
 * Where an API looks in a claim of a shape.
 *
 * @param shape As PERMISSIONS_SHAPE.
 * @param ids The API's project, and the organization it serves.
 * @returns The part that the shape has.
 */
export function placeOf(
  shape: string,
  { project, organization }: { project: string; organization: string },
): ApiCheckOptions["place"] {
  if (shape === "by_project") return { project };
  return shape === "by_organization" ? { project, organization } : {};
}
