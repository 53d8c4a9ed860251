import type { Config } from "../../lib/config/settings.ts";
import { CREDENTIAL_SETTINGS } from "../../lib/config/credential.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import { checkEndpoint } from "../function/canary.ts";
import { fixedBy } from "../mapping/mapping_organization.ts";
import { findUnfinishedRotation } from "../zitadel/unfinished_rotation.ts";
import { connect, type Instance, originOf } from "../zitadel/client.ts";
import { listExecutions } from "../zitadel/execution.ts";
import {
  listOrganizations,
  type Organization,
} from "../zitadel/organization.ts";
import { listActivePublicKeys, type PublicKey } from "../zitadel/public_key.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { accessTokenLifetime } from "../zitadel/token_lifetime.ts";
import { listTargets } from "../zitadel/target.ts";
import { whoAmI } from "../zitadel/user.ts";
import { type Answer, answer } from "./answer.ts";
import type {
  CanaryFacts,
  Facts,
  OrganizationFacts,
  ProjectsSeen,
} from "./facts.ts";
import { gatherApplications, gatherCustomers } from "./gather_customers.ts";
import { likelyTarget, oursOf } from "./judge_targets.ts";
import {
  findLeftoverOrganizations,
  findLeftoverUsers,
  leftoverRoles,
} from "./leftovers.ts";
import { gatherManagers } from "./judge_managers.ts";
import {
  askApi,
  askExpiries,
  askHealth,
  askInternal,
  resolveHost,
} from "./gather_instance.ts";
import {
  type Eyes,
  gatherActions,
  gatherOrganization,
  gatherOwnedProjects,
} from "./gather_organizations.ts";

/** Organizations beyond these are looked at only if they are named. */
const MAX_ORGANIZATIONS = 20;

/** What the doctor is to look at. */
export interface GatherOptions {
  /** The settings of the function, and ZITADEL_ADMIN_TOKEN, by name. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /** The organizations to look at; else those that there are. */
  readonly organizations: readonly string[];
  /** The client id to look at in particular. */
  readonly clientId?: string | undefined;
  /** Where the function answers; else the target's endpoint. */
  readonly endpoint?: string | undefined;
  /** Where this machine reaches the function, if not there. */
  readonly probe?: string | undefined;
  /** Is told what is being looked at. */
  readonly onProgress?: (what: string) => void;
  /** Resolves a host's addresses; the system's resolver by default. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
}

/**
 * Gathers what the doctor judges, from the settings, the instance and the
 * function. What cannot be had is a fact too.
 *
 * @throws {SettingsError} If ZITADEL_DOMAIN is not an address.
 */
export async function gatherFacts(options: GatherOptions): Promise<Facts> {
  const { settings, clientId, onProgress } = options;
  const origin = originOf(settings.ZITADEL_DOMAIN ?? "");
  const config = await answer(() => readFunctionConfig(settings));
  onProgress?.("the instance");
  const health = await answer(() => askHealth({ domainOrigin: origin }));
  const token = settings.ZITADEL_ADMIN_TOKEN?.trim();
  const given = token && health.value ? connect(origin, token) : undefined;
  const own: CredentialFacts = health.value && config.value
    ? await gatherCredential(config.value, given)
    : { credential: undefined, expiries: undefined };
  // A service user gets no token either if the function fails its login. Whatever
  // else stops one of the two stops the other, too.
  const ask = given && !isAnswered(own.credential);
  const other = ask
    ? await answer(() => askApi(given, "ZITADEL_ADMIN_TOKEN"))
    : own.credential;
  const stopped = isAnswered(other) ? undefined : own.credential ?? other;
  const admin = stopped ? undefined : given;

  onProgress?.("targets and bindings");
  const targets = admin && await answer(() => listTargets(admin));
  const executions = targets?.value && admin &&
    await answer(() => listExecutions(admin));
  const isOwner = targets?.value !== undefined;
  // A token that is not valid at all is one finding, not one for each look.
  const me = admin && (await answer(() => whoAmI(admin))).value;
  const eyes: Eyes = {
    reader: own.reader,
    admin: isOwner || me ? admin : undefined,
    isOwner,
  };

  const rotation = targets?.value && executions?.value &&
    findUnfinishedRotation({
      targets: targets.value,
      executions: executions.value,
      envKeys: config.value?.signingKeys ?? [],
    });
  return {
    config,
    origin,
    health,
    api: stopped?.problem && { problem: stopped.problem },
    internal: health.value && config.value && await askInternal(config.value),
    credential: own.credential,
    expiries: own.expiries,
    ...await gatherOrganizations(options, config.value, eyes),
    managers: isOwner && config.value
      ? await answer(() => gatherManagers(admin!, config.value))
      : undefined,
    adminId: me?.id,
    // A token that was requested for a key file ends within hours.
    adminExpiries: me && !settings.ZITADEL_ADMIN_KEY_FILE
      ? await askExpiries(
        { kind: "personal_access_token", token: token! },
        { me, askers: [admin] },
      )
      : undefined,
    clientId,
    targets,
    executions,
    publicKeys: await gatherPublicKeys(admin, { config, targets }),
    rotation,
    ...await gatherFunction(options, { config, targets, executions }),
    tokenSeconds: eyes.isOwner
      ? await answer(() => accessTokenLifetime(admin!))
      : undefined,
    now: Date.now(),
  };
}

/** Reports whether ZITADEL answered, be it that it refuses the credential. */
function isAnswered(api: Answer<unknown> | undefined): boolean {
  return api !== undefined &&
    (!api.problem || api.problem.reason === "credential_rejected");
}

interface CredentialFacts extends Pick<Facts, "credential" | "expiries"> {
  /** The instance as the function's service user sees it. */
  readonly reader?: Instance;
}

async function gatherCredential(
  config: Config,
  admin: Instance | undefined,
): Promise<CredentialFacts> {
  const setting = CREDENTIAL_SETTINGS[config.credential.kind];
  const seen = await answer(async () => {
    const reader = connect(config.origin, await getServiceToken(config));
    await askApi(reader, setting);
    return { reader, me: await whoAmI(reader) };
  });
  if (seen.problem) return { credential: seen, expiries: undefined };
  const { reader, me } = seen.value;
  const askers = [reader, admin];
  return {
    reader,
    credential: { value: me },
    expiries: await askExpiries(config.credential, { me, askers }),
  };
}

async function gatherOrganizations(
  options: GatherOptions,
  config: Config | undefined,
  eyes: Eyes,
) {
  options.onProgress?.("the organizations");
  const asker = eyes.admin ?? eyes.reader;
  const all: Answer<Organization[]> = asker
    ? await answer(() => listOrganizations(asker))
    : { value: [] };
  const left = eyes.isOwner && all.value
    ? await findLeftoverOrganizations(eyes.admin!, all.value)
    : [];
  const listed = (all.value ?? []).filter((it) => !left.includes(it));
  const fixed = fixedBy(config?.metadataOrganization);
  const named = options.organizations.length === 0 && fixed !== undefined
    ? [fixed]
    : options.organizations;
  const wanted = named.length > 0
    ? named.map((id) => ({ id, name: listed.find((it) => it.id === id)?.name }))
    : listed;
  const chosen = wanted.slice(0, MAX_ORGANIZATIONS);
  const organizations: OrganizationFacts[] = [];
  for (const organization of asker ? chosen : []) {
    const { id, name = id } = organization;
    options.onProgress?.(`the organization ${name}`);
    organizations.push(await gatherOrganization(organization, eyes));
  }
  options.onProgress?.("the projects");
  const projects = asker && all.value &&
    await answer(() => gatherOwnedProjects(asker, listed));
  return {
    organizations: named.length === 0 && all.problem
      ? { problem: all.problem }
      : { value: organizations },
    organizationsLeft: wanted.length - chosen.length,
    organizationsNamed: named.length > 0,
    deactivated: listed.filter(({ isActive }) => isActive === false),
    projects,
    customers: eyes.isOwner && config && projects?.value
      ? await answer(() =>
        gatherCustomers(eyes.admin!, {
          organizations: listed,
          projects: projects.value.projects,
          config,
        })
      )
      : undefined,
    applications: asker && config?.applications && all.value
      ? await answer(() => gatherApplications(asker, listed))
      : undefined,
    // Also of those whose names look like ours, and the named ones first.
    actions: eyes.isOwner && all.value
      ? await gatherActions(
        eyes.admin!,
        all.value.toSorted((a, b) =>
          Number(named.includes(b.id)) - Number(named.includes(a.id))
        ),
      )
      : undefined,
    leftovers: {
      organizations: left,
      roles: leftoverRoles(projects?.value?.projects ?? []),
      users: eyes.isOwner
        ? await findLeftoverUsers(eyes.admin!, ownersOf(projects?.value))
        : [],
    },
  };
}

/** The organizations in which a live check may have had its user. */
function ownersOf(seen: ProjectsSeen | undefined): Organization[] {
  const owners = (seen?.projects ?? []).map(({ owner }) => owner);
  return [...new Map(owners.map((it) => [it.id, it])).values()];
}

async function gatherPublicKeys(
  admin: Instance | undefined,
  facts: Pick<Facts, "config" | "targets">,
): Promise<Facts["publicKeys"]> {
  const keys = new Map<string, Answer<readonly PublicKey[]>>();
  for (const { id, payloadType } of admin ? oursOf(facts) : []) {
    if (payloadType !== "jwe") continue;
    keys.set(id, await answer(() => listActivePublicKeys(admin!, id)));
  }
  return keys;
}

async function gatherFunction(
  { endpoint: given, probe, onProgress, resolve = resolveHost }: GatherOptions,
  facts: Pick<Facts, "config" | "targets" | "executions">,
) {
  onProgress?.("the function");
  const keys = facts.config.value?.signingKeys ?? [];
  const ours = oursOf(facts);
  const endpoint = given ??
    (ours.length === 0 ? likelyTarget(facts)?.endpoint ?? probe : undefined);
  const calls = endpoint === undefined
    ? ours.map((target) => ({ ...target, target }))
    : keys.map((signingKey) => ({ endpoint, signingKey, target: undefined }));
  const canaries: CanaryFacts[] = [];
  const addresses = new Map<string, readonly string[]>();
  for (const { endpoint, signingKey, target } of calls) {
    const asked = probe ?? endpoint;
    const result = await checkEndpoint(asked, signingKey);
    canaries.push({ endpoint, target, result, ...probe && { asked } });
    const { hostname } = new URL(endpoint);
    addresses.set(endpoint, await resolve(hostname));
  }
  return { canaries, addresses };
}
