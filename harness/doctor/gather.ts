import { type Config, readConfig } from "../../lib/config.ts";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import { sendCanary } from "../function/canary.ts";
import { skewOf } from "../function/clock_skew.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { messageOf } from "../cli/terminal.ts";
import { connect, type Instance, originOf } from "../zitadel/client.ts";
import { listExecutions } from "../zitadel/execution.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import {
  listApplications,
  listGrantedProjects,
  listProjects,
  listRoles,
} from "../zitadel/project.ts";
import { listTargets, type Target } from "../zitadel/target.ts";
import { accessTokenExpiries, whoAmI } from "../zitadel/user.ts";
import type {
  Answer,
  Facts,
  HealthFacts,
  OrganizationFacts,
  ProjectFacts,
} from "./facts.ts";

/** Organizations beyond these are looked at only where they are named. */
const MAX_ORGANIZATIONS = 20;

/** The project of ZITADEL's own console and APIs, which every instance has. */
const OWN_PROJECT = "ZITADEL";

/** How long the instance may take to say that it is well, in milliseconds. */
const HEALTH_TIMEOUT_MS = 10_000;

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
  /** Is told what is being looked at. */
  readonly onProgress?: (what: string) => void;
}

/**
 * Gathers what the doctor judges, from the settings, the instance and the
 * function. What cannot be had is a fact too.
 *
 * @param options What to look at.
 * @returns The facts.
 * @throws {SettingsError} If ZITADEL_DOMAIN is not an address.
 */
export async function gatherFacts(options: GatherOptions): Promise<Facts> {
  const { settings, clientId, onProgress } = options;
  const origin = originOf(settings.ZITADEL_DOMAIN ?? "");
  const config = await answer(() => readConfig(settings));
  const token = settings.ZITADEL_ADMIN_TOKEN;
  const admin = token ? connect(origin, token) : undefined;

  onProgress?.("the instance");
  const health = await answer(() => askHealth(origin));
  const bearer = config.value && health.value &&
    await answer(() => getServiceToken(config.value));
  const reader = bearer?.value ? connect(origin, bearer.value) : undefined;
  const me = bearer?.problem
    ? bearer
    : reader && await answer(() => whoAmI(reader));

  onProgress?.("the organizations");
  const named = namedOrganizations(options, config.value);
  const asker = admin ?? reader;
  const ids: Answer<{ id: string; name: string | undefined }[]> =
    named.length > 0
      ? { value: named.map((id) => ({ id, name: undefined })) }
      : asker && health.value
      ? await answer(() => listOrganizations(asker))
      : { value: [] };
  const chosen = ids.value?.slice(0, MAX_ORGANIZATIONS) ?? [];
  const organizations: OrganizationFacts[] = [];
  for (const { id, name } of chosen) {
    onProgress?.(`the organization ${name ?? id}`);
    organizations.push(await gatherOrganization({ id, name, reader, asker }));
  }

  const severalOwners = asker && health.value
    ? await answer(() => haveSeveralOwners(asker))
    : undefined;

  onProgress?.("targets and bindings");
  const targets = admin && health.value &&
    await answer(() => listTargets(admin));
  const executions = targets?.value && admin &&
    await answer(() => listExecutions(admin));

  onProgress?.("the function");
  const canaries: Facts["canaries"][number][] = [];
  for (const call of canaryCalls(options, config.value, targets?.value)) {
    const result = await sendCanary(call.endpoint, call.signingKey);
    canaries.push({ endpoint: call.endpoint, result });
  }

  const [first] = chosen;
  return {
    config,
    origin,
    health,
    metadataApi: asker && first && health.value
      ? await answer(async () => (await listMetadata(asker, first.id)).api)
      : undefined,
    credential: me,
    expiries: me?.value && config.value && reader &&
      await expiriesOf(config.value, { me: me.value, reader, admin }),
    organizations: ids.problem !== undefined
      ? { problem: ids.problem }
      : { value: organizations },
    organizationsLeft: (ids.value?.length ?? 0) - chosen.length,
    organizationsNamed: named.length > 0,
    severalOwners: severalOwners?.value ?? false,
    clientId,
    targets,
    executions,
    canaries,
    now: Date.now(),
  };
}

async function answer<T>(ask: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

async function askHealth(origin: string): Promise<HealthFacts> {
  const started = Date.now();
  // Open to everyone everywhere; /debug is kept from the outside at some.
  const response = await fetch(`${origin}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
  });
  await response.body?.cancel();
  const ended = Date.now();
  return {
    status: response.status,
    milliseconds: ended - started,
    skewSeconds: skewOf(response.headers.get("date"), (started + ended) / 2),
  };
}

function namedOrganizations(
  { organizations }: GatherOptions,
  config: Config | undefined,
): readonly string[] {
  if (organizations.length > 0) return organizations;
  const fixed = config?.metadataOrganization;
  return fixed === undefined || fixed === "user" || fixed === "grant"
    ? []
    : [fixed];
}

async function gatherOrganization(
  { id, name, reader, asker }: {
    id: string;
    name: string | undefined;
    reader: Instance | undefined;
    asker: Instance | undefined;
  },
): Promise<OrganizationFacts> {
  let known = name;
  const readable = await answer(async () => {
    if (reader === undefined) return false;
    const [visible] = await listOrganizations(reader, { id });
    known ??= visible?.name;
    return visible !== undefined;
  });
  return {
    id,
    readable,
    mapping: readable.value && reader
      ? await answer(async () =>
        parseRoleMapping((await listMetadata(reader, id)).entries)
      )
      : undefined,
    projects: asker
      ? await answer(() => gatherProjects(asker, id))
      : { value: [] },
    name: known,
  };
}

/** Looks no further than the second, and at no more organizations than elsewhere. */
async function haveSeveralOwners(instance: Instance): Promise<boolean> {
  let owners = 0;
  const organizations = await listOrganizations(instance);
  for (const { id } of organizations.slice(0, MAX_ORGANIZATIONS)) {
    const projects = await listProjects(instance, id);
    if (projects.some(({ name }) => name !== OWN_PROJECT)) owners++;
    if (owners > 1) return true;
  }
  return false;
}

async function gatherProjects(
  instance: Instance,
  organization: string,
): Promise<ProjectFacts[]> {
  const facts: ProjectFacts[] = [];
  for (const project of await listProjects(instance, organization)) {
    const roles = await listRoles(instance, organization, project.id);
    const applications = await listApplications(
      instance,
      organization,
      project.id,
    );
    facts.push({ ...project, roles, applications });
  }
  for (const project of await listGrantedProjects(instance, organization)) {
    facts.push({ ...project, assertsRoles: undefined, applications: [] });
  }
  return facts;
}

/** With which key to call which endpoint. */
function canaryCalls(
  { endpoint }: GatherOptions,
  config: Config | undefined,
  targets: readonly Target[] | undefined,
): { endpoint: string; signingKey: string }[] {
  const keys = config?.signingKeys ?? [];
  if (endpoint !== undefined) {
    return keys.map((signingKey) => ({ endpoint, signingKey }));
  }
  return (targets ?? []).filter((it) => keys.includes(it.signingKey));
}

async function expiriesOf(
  { credential }: Config,
  { me, reader, admin }: {
    me: { id: string; organization: string };
    reader: Instance;
    admin: Instance | undefined;
  },
): Promise<Answer<readonly number[]>> {
  switch (credential.kind) {
    case "client_credentials":
      return { value: [] };
    case "jwt_profile": {
      const { expirationDate } = credential.key;
      return expirationDate
        ? { value: [Date.parse(expirationDate)] }
        : { problem: "the key file does not say" };
    }
    case "personal_access_token": {
      const { organization, id } = me;
      const own = await answer(() =>
        accessTokenExpiries(reader, organization, id)
      );
      return own.value || !admin
        ? own
        : await answer(() => accessTokenExpiries(admin, organization, id));
    }
  }
}
