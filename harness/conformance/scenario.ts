import {
  OIDCAppType,
  OIDCAuthMethodType,
  OIDCGrantType,
  OIDCResponseType,
  OIDCTokenType,
} from "@zitadel/proto/zitadel/app_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { createCredential } from "../zitadel/credential.ts";
import { setMetadata } from "../zitadel/metadata.ts";
import {
  createOrganization,
  removeOrganization,
} from "../zitadel/organization.ts";
import { createApplication, createProject } from "../zitadel/project.ts";
import { giveReaderRole } from "../zitadel/service_user.ts";
import {
  addMember,
  createAccessToken,
  createPerson,
  createSecret,
  createServiceUser,
  grantRoles,
} from "../zitadel/user.ts";
import type { Subject } from "./subject.ts";

/** Satisfies ZITADEL's default password policy. */
export const PASSWORD = "Password1!";
export const REDIRECT_URI = "http://localhost:9000/callback";

/** The metadata of each organization that the recordings were made with. */
const ORGANIZATIONS = {
  acme: {
    admin: '["read:all","write:all","delete:all"]',
    editor: '["posts:read","posts:write"]',
    picker: '["stock:pick"]',
    rédacteur: '["articles:écrire","articles:読む"]',
    viewer: '["posts:read"]',
  },
  globex: {},
  many: Object.fromEntries(
    Array.from({ length: 250 }, (_, index) => [
      `role-${String(index).padStart(3, "0")}`,
      `["perm:${index}"]`,
    ]),
  ),
  odd: { broken: '["a"', empty: "[]" },
  empty: {},
  catalogue: {},
};

/** With a secret; those without one have a personal access token only. */
const SERVICE_USERS = {
  machine: true,
  reader: true,
  viewer: true,
  owner: false,
  stranger: false,
};

/** A service user's ways to get tokens. */
export interface ServiceUser {
  readonly token: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What the recordings were made with, created on the instance. */
export interface Scenario extends AsyncDisposable {
  /** Part of every name, so that runs do not collide. */
  readonly suffix: string;
  /** By kind and name, such as `organization acme` or `client storefront`. */
  readonly ids: ReadonlyMap<string, string>;
  readonly id: (name: string) => string;
  readonly serviceUser: (name: string) => ServiceUser;
  /** A service account's JSON key of the user `machine`. */
  readonly machineKey: string;
  readonly exchangeSecret: string;
}

/** What is created so far, and where. */
interface Draft extends Pick<Scenario, "suffix" | "ids" | "id"> {
  readonly subject: Subject;
  readonly ids: Map<string, string>;
}

/** Creates the scenario; disposing of it removes it. */
export async function createScenario(subject: Subject): Promise<Scenario> {
  await using stack = new AsyncDisposableStack();
  const ids = new Map<string, string>();
  const draft: Draft = {
    subject,
    suffix: crypto.randomUUID().slice(0, 5),
    ids,
    id(name) {
      const found = ids.get(name);
      if (found === undefined) throw new Error(`The scenario has no ${name}`);
      return found;
    },
  };
  await createOrganizations(draft, stack);
  await createProjects(draft);
  const exchangeSecret = await createApplications(draft);
  await createPeople(draft);
  const serviceUsers = await createServiceUsers(draft);
  const { value: machineKey } = await createCredential(subject.instance, {
    organization: draft.id("organization acme"),
    user: draft.id("user machine"),
  }, { kind: "key", days: 1 });
  await createGrants(draft);
  await subject.settle();
  const created = stack.move();
  return {
    ...draft,
    machineKey,
    exchangeSecret,
    serviceUser: (name) => serviceUsers.get(name)!,
    [Symbol.asyncDispose]: () => created.disposeAsync(),
  };
}

async function createOrganizations(
  { subject: { instance }, suffix, ids }: Draft,
  stack: AsyncDisposableStack,
): Promise<void> {
  for (const [name, metadata] of Object.entries(ORGANIZATIONS)) {
    const { id } = await createOrganization(instance, `${name} ${suffix}`);
    stack.defer(() => removeOrganization(instance, id));
    ids.set(`organization ${name}`, id);
    const entries = Object.entries(metadata).map(([key, text]) => ({
      key,
      value: new TextEncoder().encode(text),
    }));
    if (entries.length > 0) await setMetadata(instance, id, entries);
  }
}

async function createProjects(
  { subject: { instance, release }, ids, id }: Draft,
): Promise<void> {
  const roles = ["admin", "editor", "viewer", "auditor", "rédacteur"];
  const projects = [
    ["acme", "Storefront", roles, true],
    ["acme", "Warehouse", ["picker", "admin"], false],
    // Alone in its organization, for the recorded lists.
    ["catalogue", "Catalogue", ["viewer", "admin"], release !== "current"],
  ] as const;
  for (const [owner, name, roles, assertsRoles] of projects) {
    const organization = id(`organization ${owner}`);
    const options = { name, roles, assertsRoles };
    const project = await createProject(instance, organization, options);
    ids.set(`project ${name.toLowerCase()}`, project.id);
  }
}

/** Returns the secret of the client that exchanges tokens. */
async function createApplications(
  { subject: { instance, release }, ids, id }: Draft,
): Promise<string> {
  const apps = [
    ["acme", "storefront", "storefront", "jwt"],
    ["acme", "storefront", "opaque", "opaque"],
    ["acme", "warehouse", "warehouse", "jwt"],
    ["catalogue", "catalogue", "listed", "jwt"],
    ...release === "current"
      ? [["catalogue", "catalogue", "listed opaque", "opaque"] as const]
      : [],
  ] as const;
  for (const [owner, project, name, accessTokens] of apps) {
    const app = await createApplication(
      instance,
      id(`organization ${owner}`),
      {
        ...{ name, accessTokens, redirectUri: REDIRECT_URI },
        project: id(`project ${project}`),
      },
    );
    ids.set(`client ${name}`, app.clientId);
  }
  const exchange = await instance.service(ManagementService, {
    organization: id("organization acme"),
  }).addOIDCApp({
    projectId: id("project storefront"),
    name: "exchange",
    redirectUris: [REDIRECT_URI],
    responseTypes: [OIDCResponseType.OIDC_RESPONSE_TYPE_CODE],
    grantTypes: [
      OIDCGrantType.OIDC_GRANT_TYPE_AUTHORIZATION_CODE,
      OIDCGrantType.OIDC_GRANT_TYPE_TOKEN_EXCHANGE,
    ],
    appType: OIDCAppType.OIDC_APP_TYPE_WEB,
    authMethodType: OIDCAuthMethodType.OIDC_AUTH_METHOD_TYPE_BASIC,
    accessTokenType: OIDCTokenType.OIDC_TOKEN_TYPE_JWT,
    devMode: true,
  });
  ids.set("client exchange", exchange.clientId);
  return exchange.clientSecret;
}

async function createPeople(
  { subject: { instance, release }, suffix, ids, id }: Draft,
): Promise<void> {
  const people = {
    acme: ["alice", "bob", "erin", "frank", "gwen"],
    globex: ["carol", "dave"],
  };
  for (const [organization, names] of Object.entries(people)) {
    for (const name of names) {
      const user = await createPerson(
        instance,
        id(`organization ${organization}`),
        { userName: `${name}-${suffix}`, password: PASSWORD },
      );
      ids.set(`user ${name}`, user);
    }
  }
  if (release === "4.6") return; // It was recorded without metadata.
  const value = new TextEncoder().encode("Düsseldorf");
  const organization = id("organization acme");
  await instance.service(ManagementService, { organization })
    .bulkSetUserMetadata({
      id: id("user alice"),
      metadata: [{ key: "department", value }],
    });
}

async function createServiceUsers(
  { subject: { instance }, suffix, ids, id }: Draft,
): Promise<Map<string, ServiceUser>> {
  const serviceUsers = new Map<string, ServiceUser>();
  const acme = id("organization acme");
  for (const [name, hasSecret] of Object.entries(SERVICE_USERS)) {
    const userName = `${name === "machine" ? "ci-runner" : name}-${suffix}`;
    const user = await createServiceUser(instance, acme, userName);
    ids.set(`user ${name}`, user);
    serviceUsers.set(name, {
      token: await createAccessToken(instance, acme, user),
      ...hasSecret
        ? await createSecret(instance, acme, user)
        : { clientId: userName, clientSecret: "" },
    });
  }
  const members = [
    ["reader", "acme", "ORG_OWNER_VIEWER"],
    ["reader", "catalogue", "ORG_OWNER_VIEWER"],
    ["owner", "acme", "ORG_OWNER"],
  ] as const;
  for (const [name, organization, role] of members) {
    const user = id(`user ${name}`);
    await addMember(instance, id(`organization ${organization}`), {
      user,
      role,
    });
  }
  const viewer = { id: id("user viewer"), organization: acme };
  await giveReaderRole(instance, viewer, "IAM_OWNER_VIEWER");
  return serviceUsers;
}

async function createGrants(
  { subject: { instance }, id }: Draft,
): Promise<void> {
  const acme = id("organization acme");
  const globex = id("organization globex");
  const storefront = id("project storefront");
  const grants = [
    ["alice", "storefront", ["admin", "viewer"]],
    ["alice", "warehouse", ["picker", "admin"]],
    ["dave", "storefront", ["auditor"]],
    ["frank", "storefront", ["rédacteur"]],
    ["gwen", "storefront", []],
    ["machine", "storefront", ["viewer"]],
  ] as const;
  for (const [name, project, roles] of grants) {
    const user = id(`user ${name}`);
    const options = { user, project: id(`project ${project}`), roles };
    await grantRoles(instance, acme, options);
  }
  const ofAcme = instance.service(ManagementService, { organization: acme });
  const userId = id("user erin");
  const { userGrantId } = await ofAcme.addUserGrant({
    userId,
    projectId: storefront,
    roleKeys: ["viewer"],
  });
  await ofAcme.deactivateUserGrant({ userId, grantId: userGrantId });
  const { grantId } = await ofAcme.addProjectGrant({
    projectId: storefront,
    grantedOrgId: globex,
    roleKeys: ["editor", "viewer"],
  });
  await instance.service(ManagementService, { organization: globex })
    .addUserGrant({
      userId: id("user carol"),
      projectId: storefront,
      projectGrantId: grantId,
      roleKeys: ["editor"],
    });
}
