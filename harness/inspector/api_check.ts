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
  /** Whether ZITADEL is asked about each token: the application's are opaque. */
  readonly isOpaque: boolean;
}

/** An example's part that checks: after its settings, before its routes. */
const CHECK = /^const (?:keys|endpoint) = [^]*?(?=^const app = )/m;

/** Writes the check of an example in `examples/api/` with its settings filled in, as a module to copy. */
export async function apiCheck(
  { issuer, audience, clientId, claim, place, isOpaque }: ApiCheckOptions,
): Promise<string> {
  const name = isOpaque ? "introspect.mjs" : "express.mjs";
  const url = new URL(`../../examples/api/${name}`, import.meta.url);
  const check = CHECK.exec(await Deno.readTextFile(url))?.[0];
  if (check === undefined) {
    throw new Error(`Cannot find the check in ${url.pathname}`);
  }
  const path = [claim, place.organization, place.project].filter(Boolean);
  const settings: Record<string, unknown> = {
    ...isOpaque
      ? { issuer, id: "<the API's client id>", secret: "<its secret>", path }
      : { issuers: [issuer], claim, place },
    audience: audience || "<your project's id>",
    applications: [clientId || "<your application's client id>"],
  };
  const lines = Object.entries(settings).map(([name, value]) =>
    `const ${name} = ${JSON.stringify(value)};`
  );
  const imports = isOpaque
    ? []
    : ['import { createRemoteJWKSet, errors, jwtVerify } from "jose";', ""];
  return [...imports, ...lines, "", check.trimEnd(), ""].join("\n");
}

/** Where an API looks in a claim of a shape, as PERMISSIONS_SHAPE: the part that the shape has. */
export function placeOf(
  shape: string,
  { project, organization }: { project: string; organization: string },
): ApiCheckOptions["place"] {
  if (shape === "by_project") return { project };
  return shape === "by_organization" ? { project, organization } : {};
}
