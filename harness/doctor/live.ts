/**
 * Proof on the instance itself: a throwaway organization, a real token through
 * the bound function, and the permissions in it compared.
 *
 * @module
 */
import type { Config } from "../../lib/config.ts";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { whoAmI } from "../zitadel/user.ts";
import { waitUntil } from "../util/wait_until.ts";
import {
  createScratchOrganization,
  DEFAULT_MAPPING,
} from "../zitadel/scratch_organization.ts";
import { type Finding, finding } from "./finding.ts";

/** Tokens that are asked for: the first meets an empty cache, the others not. */
const TOKENS = 6;

/** Roles taken from a mapping that is already there. */
const MAX_ROLES = 5;

/**
 * Gets real tokens through the bound function, in an organization of its own,
 * which is removed again, also where something fails or the signal aborts.
 *
 * @param admin The instance, with a token of IAM_OWNER.
 * @param config The function's settings.
 * @param options What ends it, and who is told of progress.
 * @returns What was found.
 * @throws {Error} Where the organization cannot be made or removed.
 */
export async function proveLive(
  admin: Instance,
  config: Config,
  options: {
    readonly signal: AbortSignal;
    readonly onProgress?: (what: string) => void;
  },
): Promise<Finding> {
  const { signal, onProgress } = options;
  const { metadataOrganization: fixed } = config;
  const isFixed = fixed !== "user" && fixed !== "grant";
  const reader = connect(config.origin, await getServiceToken(config));
  const mapping = isFixed
    ? await existingMapping(reader, fixed)
    : DEFAULT_MAPPING;
  if (Object.keys(mapping).length === 0) {
    return finding(
      "live",
      "broken",
      `the organization ${fixed} maps no role that could be tried`,
    );
  }

  onProgress?.("making a throwaway organization");
  const { id: viewer } = await whoAmI(reader);
  await using scratch = await createScratchOrganization(admin, {
    mapping,
    viewer,
    signal,
  });
  await waitUntil(
    async () =>
      (await listOrganizations(reader, { id: scratch.organization.id }))
        .length >
        0,
    { what: "the function's service user may read it", signal },
  );

  const times: number[] = [];
  const expected = [...new Set(Object.values(mapping).flat())].sort();
  for (let i = 0; i < TOKENS; i++) {
    signal.throwIfAborted();
    onProgress?.(`token ${i + 1} of ${TOKENS}`);
    const started = performance.now();
    const { accessToken } = await clientCredentials(config.origin, {
      ...scratch.robot,
      scope: roleScopes(scratch.project.id),
    });
    times.push(Math.round(performance.now() - started));
    const claim = claimsOf(accessToken)[config.claim];
    const found = Array.isArray(claim) ? claim.map(String).sort() : claim;
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      return finding(
        "live",
        "broken",
        found === undefined
          ? `a token came without the claim ${config.claim}: the function was not called, or failed`
          : `a token came with other permissions: ${
            JSON.stringify(found)
          } in place of ${JSON.stringify(expected)}`,
      );
    }
  }
  const [cold, ...warm] = times;
  return finding(
    "live",
    "ok",
    `${TOKENS} tokens held the ${expected.length} permissions of ${
      Object.keys(mapping).length
    } roles; the first took ${cold} ms, the others ${Math.min(...warm)} to ${
      Math.max(...warm)
    } ms`,
  );
}

async function existingMapping(
  reader: Instance,
  organization: string,
): Promise<Record<string, readonly string[]>> {
  const { entries } = await listMetadata(reader, organization);
  const { plain } = parseRoleMapping(entries);
  return Object.fromEntries(
    [...plain]
      .filter(([key, granted]) => granted.length > 0 && !key.includes(":"))
      .slice(0, MAX_ROLES),
  );
}

/** The claims of a token that the instance itself just gave: nothing to verify. */
function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split(".")[1];
  if (payload === undefined) return {};
  const bytes = Uint8Array.fromBase64(payload, { alphabet: "base64url" });
  return JSON.parse(new TextDecoder().decode(bytes));
}
