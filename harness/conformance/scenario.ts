import {
  APIAuthMethodType,
  OIDCAppType,
  OIDCAuthMethodType,
  OIDCGrantType,
  OIDCResponseType,
  OIDCTokenType,
} from "@zitadel/proto/zitadel/app_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { createCredential } from "../zitadel/credential.ts";
import {
  createScratch,
  REDIRECT_URI,
  type Scratch,
  type ScratchPlan,
} from "../zitadel/scratch_organization.ts";
import { giveReaderRole } from "../zitadel/service_user.ts";
import type { Release, Subject } from "./subject.ts";

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What the recordings were made with, created on the instance. */
export interface Scenario extends Scratch {
  /** A service account's JSON key of the user `ci-runner`. */
  readonly machineKey: string;
  /** May exchange tokens. */
  readonly exchange: Client;
  /** May introspect tokens. */
  readonly api: Client;
  /** Replaces names such as `<user alice>` by ids. */
  readonly withIds: (text: string) => string;
}

function planFor(release: Release): ScratchPlan {
  const isCurrent = release === "current";
  return {
    organizations: {
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
    },
    projects: {
      storefront: {
        owner: "acme",
        roles: ["admin", "editor", "viewer", "auditor", "rédacteur"],
      },
      warehouse: {
        owner: "acme",
        roles: ["picker", "admin"],
        assertsRoles: false,
      },
      // Alone in its organization, for the recorded lists.
      catalogue: {
        owner: "catalogue",
        roles: ["viewer", "admin"],
        assertsRoles: !isCurrent,
      },
    },
    applications: {
      storefront: { project: "storefront" },
      opaque: { project: "storefront", accessTokens: "opaque" },
      warehouse: { project: "warehouse" },
      listed: { project: "catalogue" },
      ...isCurrent && {
        "listed opaque": { project: "catalogue", accessTokens: "opaque" },
      },
    },
    people: {
      ...{ alice: "acme", bob: "acme", erin: "acme", frank: "acme" },
      ...{ gwen: "acme", carol: "globex", dave: "globex" },
    },
    serviceUsers: {
      ...{ "ci-runner": "acme", reader: "acme", viewer: "acme" },
      ...{ owner: "acme", stranger: "acme" },
    },
    members: [
      ["reader", "acme", "ORG_OWNER_VIEWER"],
      ["reader", "catalogue", "ORG_OWNER_VIEWER"],
      ["owner", "acme", "ORG_OWNER"],
    ],
    grants: [
      ["alice", "storefront", ["admin", "viewer"]],
      ["alice", "warehouse", ["picker", "admin"]],
      ["dave", "storefront", ["auditor"]],
      ["frank", "storefront", ["rédacteur"]],
      ["gwen", "storefront", []],
      ["ci-runner", "storefront", ["viewer"]],
    ],
  };
}

/** Creates the scenario; disposing of it removes it. */
export async function createScenario(
  { instance, release, settle }: Subject,
): Promise<Scenario> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await createScratch(instance, planFor(release)));
  const { id, ids } = scratch;
  const organization = id("organization acme");
  const projectId = id("project storefront");
  const acme = instance.service(ManagementService, { organization });
  const exchange = await acme.addOIDCApp({
    projectId,
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
  const api = await acme.addAPIApp({
    projectId,
    name: "api",
    authMethodType: APIAuthMethodType.API_AUTH_METHOD_TYPE_BASIC,
  });
  ids.set("client exchange", exchange.clientId);
  ids.set("client api", api.clientId);
  if (release !== "4.6") { // It was recorded without metadata.
    const value = new TextEncoder().encode("Düsseldorf");
    await acme.bulkSetUserMetadata({
      id: id("user alice"),
      metadata: [{ key: "department", value }],
    });
  }
  const viewer = { id: id("user viewer"), organization, isOurs: true };
  await giveReaderRole(instance, viewer, "IAM_OWNER_VIEWER");
  const user = id("user ci-runner");
  const key = { kind: "key", days: 1 } as const;
  const { value: machineKey } = await createCredential(
    instance,
    { organization, user },
    key,
  );
  const userId = id("user erin");
  const roleKeys = ["viewer"];
  const erins = await acme.addUserGrant({ userId, projectId, roleKeys });
  await acme.deactivateUserGrant({ userId, grantId: erins.userGrantId });
  const grantedOrgId = id("organization globex");
  const { grantId } = await acme.addProjectGrant({
    projectId,
    grantedOrgId,
    roleKeys: ["editor", "viewer"],
  });
  const globex = { organization: grantedOrgId };
  await instance.service(ManagementService, globex).addUserGrant({
    userId: id("user carol"),
    projectId,
    projectGrantId: grantId,
    roleKeys: ["editor"],
  });
  await settle();
  const created = stack.move();
  return {
    ...scratch,
    ...{ machineKey, exchange, api },
    withIds: (text) => text.replaceAll(/<([^<>]+)>/g, (_, name) => id(name)),
    [Symbol.asyncDispose]: () => created.disposeAsync(),
  };
}
