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

/** Creates the scenario; disposing of it removes it. */
export async function createScenario(subject: Subject): Promise<Scenario> {
  const { instance, release, settle } = subject;
  await using stack = new AsyncDisposableStack();
  const suffix = crypto.randomUUID().slice(0, 5);
  const ids = new Map<string, string>();
  const id = (name: string) => {
    const found = ids.get(name);
    if (found === undefined) throw new Error(`The scenario has no ${name}`);
    return found;
  };

  for (const [name, metadata] of Object.entries(ORGANIZATIONS)) {
    const created = await createOrganization(instance, `${name} ${suffix}`);
    stack.defer(() => removeOrganization(instance, created.id));
    ids.set(`organization ${name}`, created.id);
    const entries = Object.entries(metadata).map(([key, text]) => ({
      key,
      value: new TextEncoder().encode(text),
    }));
    if (entries.length > 0) await setMetadata(instance, created.id, entries);
  }
  const acme = id("organization acme");
  const globex = id("organization globex");
  const catalogue = id("organization catalogue");
  const management = instance.service(ManagementService, {
    organization: acme,
  });

  const project = async (
    owner: string,
    [name, ...roles]: readonly [string, ...string[]],
    assertsRoles = true,
  ) => {
    const created = await createProject(instance, owner, {
      name: name[0]!.toUpperCase() + name.slice(1),
      roles,
      assertsRoles,
    });
    ids.set(`project ${name}`, created.id);
    return created.id;
  };
  const storefront = await project(
    acme,
    ["storefront", "admin", "editor", "viewer", "auditor", "rédacteur"],
  );
  const warehouse = await project(
    acme,
    ["warehouse", "picker", "admin"],
    false,
  );
  const isCurrent = release === "current";
  const listed = await project(
    catalogue,
    ["catalogue", "viewer", "admin"],
    !isCurrent,
  );

  const app = async (
    name: string,
    project: string,
    accessTokens: "jwt" | "opaque" = "jwt",
    owner = acme,
  ) => {
    const options = { project, name, redirectUri: REDIRECT_URI, accessTokens };
    const { clientId } = await createApplication(instance, owner, options);
    ids.set(`client ${name}`, clientId);
  };
  await app("storefront", storefront);
  await app("opaque", storefront, "opaque");
  await app("warehouse", warehouse);
  await app("jwt", listed, "jwt", catalogue);
  if (isCurrent) await app("opaque list", listed, "opaque", catalogue);
  const exchange = await management.addOIDCApp({
    projectId: storefront,
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

  for (
    const name of ["alice", "bob", "carol", "dave", "erin", "frank", "gwen"]
  ) {
    const organization = ["carol", "dave"].includes(name) ? globex : acme;
    const userName = `${name}-${suffix}`;
    const options = { userName, password: PASSWORD };
    ids.set(
      `user ${name}`,
      await createPerson(instance, organization, options),
    );
  }
  const serviceUsers = new Map<string, ServiceUser>();
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
  const { value: machineKey } = await createCredential(
    instance,
    { organization: acme, user: id("user machine") },
    { kind: "key", days: 1 },
  );
  const members = [
    ["reader", acme, "ORG_OWNER_VIEWER"],
    ["reader", catalogue, "ORG_OWNER_VIEWER"],
    ["owner", acme, "ORG_OWNER"],
  ] as const;
  for (const [name, organization, role] of members) {
    const user = id(`user ${name}`);
    await addMember(instance, organization, { user, role });
  }
  const viewer = { id: id("user viewer"), organization: acme, isOurs: true };
  await giveReaderRole(instance, viewer, "IAM_OWNER_VIEWER");

  const grants = [
    ["alice", storefront, ["admin", "viewer"]],
    ["alice", warehouse, ["picker", "admin"]],
    ["dave", storefront, ["auditor"]],
    ["frank", storefront, ["rédacteur"]],
    ["gwen", storefront, []],
    ["machine", storefront, ["viewer"]],
  ] as const;
  for (const [name, project, roles] of grants) {
    const user = id(`user ${name}`);
    await grantRoles(instance, acme, { user, project, roles });
  }
  const inactive = await management.addUserGrant({
    userId: id("user erin"),
    projectId: storefront,
    roleKeys: ["viewer"],
  });
  await management.deactivateUserGrant({
    userId: id("user erin"),
    grantId: inactive.userGrantId,
  });
  const { grantId } = await management.addProjectGrant({
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
  if (release !== "4.6") { // 4.6 was recorded without it.
    await management.bulkSetUserMetadata({
      id: id("user alice"),
      metadata: [{
        key: "department",
        value: new TextEncoder().encode("Düsseldorf"),
      }],
    });
  }
  await settle();
  const created = stack.move();
  return {
    suffix,
    ids,
    id,
    machineKey,
    serviceUser: (name) => serviceUsers.get(name)!,
    exchangeSecret: exchange.clientSecret,
    [Symbol.asyncDispose]: () => created.disposeAsync(),
  };
}
