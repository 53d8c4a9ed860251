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
  type ScratchPlan,
} from "../zitadel/scratch_organization.ts";
import { giveReaderRole } from "../zitadel/service_user.ts";
import { readRecorded } from "./recording.ts";
import type { Subject } from "./subject.ts";

/** What the recordings were made with, created on the instance. */
export type Scenario = Awaited<ReturnType<typeof createScenario>>;

interface Recording {
  readonly plan: ScratchPlan;
}

/** Creates the scenario; disposing of it removes it. */
export async function createScenario(
  { instance, release, settle }: Subject,
) {
  const { plan } = await readRecorded<Recording>("scenario");
  const many = Object.fromEntries(
    Array.from({ length: 250 }, (_, index) => [
      `role-${String(index).padStart(3, "0")}`,
      `["perm:${index}"]`,
    ]),
  );
  const organizations = { ...plan.organizations, many };
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(
    await createScratch(instance, { ...plan, organizations }),
  );
  const { id, ids } = scratch;
  ids.set("suffix", scratch.suffix);
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
  const viewer = { id: id("user viewer"), organization };
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
    /** A service account's JSON key of the user `ci-runner`. */
    machineKey,
    /** The client that may exchange tokens. */
    exchange,
    /** The client that may introspect tokens. */
    api,
    /** Replaces names such as `<user alice>` by ids. */
    withIds: (text: string) =>
      text.replaceAll(/<([^<>]+)>/g, (_, name) => id(name)),
    [Symbol.asyncDispose]: () => created.disposeAsync(),
  };
}
