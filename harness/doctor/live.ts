/**
 * Proof on the instance itself: a throwaway user, a real token through the bound
 * function, and its claims compared.
 *
 * @module
 */
import { decodeJwt } from "jose";
import { claimsReply } from "../../lib/claims/reply.ts";
import type { Config } from "../../lib/config/settings.ts";
import { messageOf } from "../cli/terminal.ts";
import { waitUntil } from "../util/wait_until.ts";
import { connect, type Instance, to } from "../zitadel/client.ts";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { managementOf } from "../zitadel/manage.ts";
import { listMetadata, setMetadata } from "../zitadel/metadata.ts";
import {
  createOrganization,
  listOrganizations,
  removeOrganization,
} from "../zitadel/organization.ts";
import { createProject } from "../zitadel/project.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import {
  addMember,
  createSecret,
  createServiceUser,
  removeUser,
  whoAmI,
} from "../zitadel/user.ts";
import { chooseLiveRole, type LiveRole } from "./choose_live_role.ts";
import { type Finding, finding } from "./finding.ts";
import type { Facts } from "./gather.ts";
import { checkName, isLeftover, removeRole } from "./leftovers.ts";

/** Tokens that are asked for: the first meets an empty cache, the others not. */
const TOKENS = 6;

/**
 * Gets real tokens through the bound function, by a throwaway user who is
 * removed again, also if something fails or the signal aborts.
 *
 * @throws {Error} If what it needs cannot be created or removed.
 */
export async function proveLive(
  facts: Facts,
  { signal, onProgress }: {
    readonly signal: AbortSignal;
    readonly onProgress?: (what: string) => void;
  },
): Promise<Finding> {
  const { admin, config: { value: config }, credential } = facts;
  if (!admin || !config || !credential?.value) {
    const seen =
      "not tried: the settings, the credential or the admin token cannot be used";
    return finding("live", "warning", seen);
  }
  const chosen = chooseLiveRole(facts, config);
  if (typeof chosen === "string") {
    return finding("live", "warning", `not tried: ${chosen}`, {
      fix:
        "get a token of an application and look at its claims (`deno task dev`)",
    });
  }
  onProgress?.("creating a throwaway user");
  await using user = await createLiveUser({ admin, config, signal }, chosen);
  const expected = expectedClaims(user, config);
  const times: number[] = [];
  for (let i = 0; i < TOKENS; i++) {
    signal.throwIfAborted();
    onProgress?.(`token ${i + 1} of ${TOKENS}`);
    const started = performance.now();
    const { accessToken } = await clientCredentials(config.origin, {
      ...user,
      scope: roleScopes(user.projectId),
    });
    times.push(Math.round(performance.now() - started));
    const claims = decodeJwt(accessToken);
    const wrong = Object.entries(expected).find(([name, value]) =>
      !isSame(claims[name], value)
    );
    if (wrong) return describeWrong(claims[wrong[0]], wrong);
  }
  const [cold, ...warm] = times;
  const [fastest, slowest] = [Math.min(...warm), Math.max(...warm)];
  const seen = `${TOKENS} tokens each held ${describeGranted(user)}`;
  const took =
    `the first took ${cold} ms, the others ${fastest} to ${slowest} ms`;
  return finding("live", "ok", `${seen}; ${took}`);
}

function describeGranted({ permissions, role, mapping }: LiveUser): string {
  const { length } = permissions;
  if (length === 0) {
    return "the empty claim of a role without an entry, made for this check since no role has fewer permissions than another";
  }
  const what = length === 1 ? "permission" : `${length} permissions`;
  // It was not the operator's mapping that was used.
  const where = mapping
    ? " in a throwaway organization, with a mapping of its own: your organizations' entries are checked separately"
    : "";
  return `the ${what} of ${role}${where}`;
}

/** The claims that the function adds for a user, as ZITADEL puts them into a token. */
function expectedClaims(
  { projectId, organization, permissions, role }: LiveUser,
  { claim, shape, rolesClaim }: Config,
): Record<string, unknown> {
  const granted = [{ projectId, organization, permissions, roles: [role] }];
  const { added } = claimsReply({ claim, shape, rolesClaim, granted });
  return Object.fromEntries(added.map(({ name, value }) => [name, value]));
}

function describeWrong(
  found: unknown,
  [name, value]: readonly [name: string, value: unknown],
): Finding {
  const [is, shouldBe] = [found, value].map((it) => JSON.stringify(it));
  const seen = found === undefined
    ? `a token came without the claim ${name}: the function was not called, or failed, or its claim was replaced`
    : `a token came with ${name} = ${is} in place of ${shouldBe}`;
  return finding("live", "broken", seen);
}

/** Reports whether a claim holds the same; the order of a list does not matter. */
function isSame(found: unknown, expected: unknown): boolean {
  const sorted = (value: unknown) =>
    Array.isArray(value) ? value.map(String).sort() : value;
  return JSON.stringify(sorted(found)) === JSON.stringify(sorted(expected));
}

/** Who creates a throwaway user, and what ends that. */
interface Live {
  readonly admin: Instance;
  readonly config: Config;
  readonly signal: AbortSignal;
}

/** A service user with one role; disposing of it removes all that was created. */
type LiveUser = Awaited<ReturnType<typeof createLiveUser>>;

/**
 * Creates a user who has one role, in the organization of a real project or in a
 * new one. If a step fails, or the signal aborts, what was created is removed.
 */
async function createLiveUser(live: Live, chosen: LiveRole) {
  await using created = new AsyncDisposableStack();
  const { admin, config, signal } = live;
  const { role, project } = chosen;
  const name = checkName();
  const { id: organization } = project?.owner ??
    await createOrganization(admin, name);
  if (!project) created.defer(() => removeOrganization(admin, organization));
  const projectId = project?.id ??
    await fillOrganization(live, { ...chosen, name, organization });
  if (project && isLeftover({ name: role })) {
    await managementOf(admin, organization).bulkAddProjectRoles({
      projectId,
      roles: [{ key: role, displayName: role }],
    }, to("add a role"));
    const added = { projectId, roleKey: role };
    created.defer(() => removeRole(admin, organization, added));
  }
  const user = await createServiceUser(admin, organization, name);
  if (project) created.defer(() => removeUser(admin, organization, user));
  signal.throwIfAborted();
  const grant = { userId: user, projectId, roleKeys: [role] };
  await managementOf(admin, organization)
    .addUserGrant(grant, to("grant roles"));
  const secret = await createSecret(admin, organization, user);
  await waitUntil(async () => {
    const { result } = await managementOf(admin, organization).listUserGrants({
      queries: [{ query: { case: "userIdQuery", value: { userId: user } } }],
    }, to("list the user's grants"));
    return result.length > 0;
  }, { what: "the grant can be read", signal });
  // v4.6.5 denied a secret a moment after it was created. Any other refusal shows
  // with the first token that counts.
  await waitUntil(async () => {
    try {
      await clientCredentials(config.origin, { ...secret, scope: "openid" });
      return true;
    } catch (error) {
      return !/Secret\.NotExisting|NotFound/.test(messageOf(error));
    }
  }, { what: "the throwaway user can get a token", signal });
  const parts = created.move();
  return {
    ...secret,
    ...chosen,
    organization,
    projectId,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Gives a new organization a mapping, a project with the role, and its reader. */
async function fillOrganization(
  { admin, config, signal }: Live,
  { organization, name, role, mapping = {} }: LiveRole & {
    readonly organization: string;
    readonly name: string;
  },
): Promise<string> {
  const entries = Object.entries(mapping).map(([key, permissions]) => ({
    key,
    value: new TextEncoder().encode(JSON.stringify(permissions)),
  }));
  if (entries.length > 0) await setMetadata(admin, organization, entries);
  const options = { name, roles: [role] };
  const project = await createProject(admin, organization, options);
  signal.throwIfAborted();
  // The function's service user has to read the metadata.
  const reader = connect(config.origin, await getServiceToken(config));
  const { id: user } = await whoAmI(reader);
  await addMember(admin, organization, { user, role: "ORG_OWNER_VIEWER" });
  await waitUntil(async () => {
    const [visible] = await listOrganizations(reader, { id: organization });
    const listed = await listMetadata(reader, organization);
    return visible !== undefined && listed.entries.length === entries.length;
  }, { what: "the function's service user may read it", signal });
  return project.id;
}
