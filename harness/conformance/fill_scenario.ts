import { exportPKCS8, exportSPKI, generateKeyPair } from "jose";
import { createApplication, createProject } from "../zitadel/project.ts";
import {
  addMember,
  createAccessToken,
  createPerson,
  createSecret,
  createServiceUser,
  grantRoles,
} from "../zitadel/user.ts";
import type { Application, Person, Scenario, ServiceUser } from "./scenario.ts";
import { callRest, type Subject } from "./subject.ts";

const REDIRECT_URI = "http://localhost:9000/callback";
/** Satisfies ZITADEL's default password policy. */
const PASSWORD = "Password1!";

/** Creates the projects, applications, people, service users and grants. */
export async function fillScenario(
  subject: Subject,
  { acme, globex, catalogue }: Scenario["organizations"],
  suffix: string,
): Promise<
  Omit<Scenario, "suffix" | "organizations" | typeof Symbol.asyncDispose>
> {
  const { instance } = subject;
  const storefront = await createProject(instance, acme, {
    name: "Storefront",
    roles: ["admin", "editor", "viewer", "auditor", "rédacteur"],
  });
  const warehouse = await createProject(instance, acme, {
    name: "Warehouse",
    roles: ["picker", "admin"],
    assertsRoles: false,
  });
  const app = async (
    name: string,
    project: { id: string },
    accessTokens: "jwt" | "opaque" = "jwt",
  ): Promise<Application> => {
    const { clientId } = await createApplication(instance, acme, {
      project: project.id,
      name,
      redirectUri: REDIRECT_URI,
      accessTokens,
    });
    return { clientId, clientSecret: "", redirectUri: REDIRECT_URI };
  };
  const apps = {
    storefront: await app("spa", storefront),
    opaque: await app("opaque", storefront, "opaque"),
    exchange: await exchangeApp(subject, acme, storefront.id),
    warehouse: await app("terminal", warehouse),
  };
  const grant = await callRest(
    subject,
    `POST /management/v1/projects/${storefront.id}/grants`,
    {
      organization: acme,
      body: { grantedOrgId: globex, roleKeys: ["editor", "viewer"] },
    },
  );
  const people = await createPeople(subject, { acme, globex, suffix });
  const give = (
    user: { id: string },
    roles: readonly string[],
    project = storefront,
  ) =>
    grantRoles(instance, acme, { user: user.id, project: project.id, roles });
  await give(people.alice, ["admin", "viewer"]);
  await give(people.alice, ["picker", "admin"], warehouse);
  await give(people.dave, ["auditor"]);
  await give(people.frank, ["rédacteur"]);
  await give(people.gwen, []);
  await grantInactive(subject, acme, {
    user: people.erin.id,
    project: storefront.id,
  });
  await callRest(
    subject,
    `POST /management/v1/users/${people.carol.id}/grants`,
    {
      organization: globex,
      body: {
        projectId: storefront.id,
        projectGrantId: grant["grantId"],
        roleKeys: ["editor"],
      },
    },
  );
  if (subject.release !== "4.6") { // 4.6 was recorded without it.
    await callRest(
      subject,
      `POST /management/v1/users/${people.alice.id}/metadata/_bulk`,
      {
        organization: acme,
        body: { metadata: [{ key: "department", value: "RMO8c3NlbGRvcmY=" }] },
      },
    );
  }

  const serviceUser = async (name: string): Promise<ServiceUser> => {
    const id = await createServiceUser(instance, acme, `${name}-${suffix}`);
    const token = await createAccessToken(instance, acme, id);
    return { id, token, ...await createSecret(instance, acme, id) };
  };
  const machine = await serviceUser("ci-runner");
  await give(machine, ["viewer"]);
  const key = await addKey(subject, acme, machine.id);
  const reader = await serviceUser("reader");
  await addMember(instance, acme, {
    user: reader.id,
    role: "ORG_OWNER_VIEWER",
  });
  await addMember(instance, catalogue, {
    user: reader.id,
    role: "ORG_OWNER_VIEWER",
  });
  const viewer = await serviceUser("iam-viewer");
  await callRest(subject, "POST /admin/v1/members", {
    body: { userId: viewer.id, roles: ["IAM_OWNER_VIEWER"] },
  });
  const tokenUser = async (name: string) => {
    const id = await createServiceUser(instance, acme, `${name}-${suffix}`);
    return { id, token: await createAccessToken(instance, acme, id) };
  };
  const owner = await tokenUser("owner");
  await addMember(instance, acme, { user: owner.id, role: "ORG_OWNER" });
  return {
    projects: {
      storefront: storefront.id,
      warehouse: warehouse.id,
      catalogue: await createCatalogue(subject, catalogue),
    },
    apps,
    people,
    machine: { ...machine, ...key },
    reader,
    viewer,
    owner,
    stranger: await tokenUser("stranger"),
  };
}

/** The project of the recorded lists, alone in its organization. */
async function createCatalogue(
  { instance, release }: Subject,
  organization: string,
): Promise<string> {
  const { id } = await createProject(instance, organization, {
    name: "Catalogue",
    roles: ["viewer", "admin"],
    assertsRoles: release !== "current",
  });
  const kinds = release === "current"
    ? ["jwt", "opaque"] as const
    : ["jwt"] as const;
  for (const accessTokens of kinds) {
    await createApplication(instance, organization, {
      project: id,
      name: accessTokens,
      redirectUri: REDIRECT_URI,
      accessTokens,
    });
  }
  return id;
}

async function createPeople(
  { instance }: Subject,
  { acme, globex, suffix }: { acme: string; globex: string; suffix: string },
): Promise<Scenario["people"]> {
  const person = async (name: string, organization = acme): Promise<Person> => {
    const loginName = `${name}-${suffix}`;
    const id = await createPerson(instance, organization, {
      userName: loginName,
      password: PASSWORD,
    });
    return { id, loginName, password: PASSWORD };
  };
  return {
    alice: await person("alice"),
    bob: await person("bob"),
    carol: await person("carol", globex),
    dave: await person("dave", globex),
    erin: await person("erin"),
    frank: await person("frank"),
    gwen: await person("gwen"),
  };
}

async function exchangeApp(
  subject: Subject,
  organization: string,
  project: string,
): Promise<Application> {
  const created = await callRest(
    subject,
    `POST /management/v1/projects/${project}/apps/oidc`,
    {
      organization,
      body: {
        name: "exchange",
        redirectUris: [REDIRECT_URI],
        responseTypes: ["OIDC_RESPONSE_TYPE_CODE"],
        grantTypes: [
          "OIDC_GRANT_TYPE_AUTHORIZATION_CODE",
          "OIDC_GRANT_TYPE_TOKEN_EXCHANGE",
        ],
        appType: "OIDC_APP_TYPE_WEB",
        authMethodType: "OIDC_AUTH_METHOD_TYPE_BASIC",
        accessTokenType: "OIDC_TOKEN_TYPE_JWT",
        devMode: true,
      },
    },
  );
  return {
    clientId: String(created["clientId"]),
    clientSecret: String(created["clientSecret"]),
    redirectUri: REDIRECT_URI,
  };
}

async function grantInactive(
  subject: Subject,
  organization: string,
  { user, project }: { user: string; project: string },
): Promise<void> {
  const grants = `/management/v1/users/${user}/grants`;
  const { userGrantId } = await callRest(subject, `POST ${grants}`, {
    organization,
    body: { projectId: project, roleKeys: ["viewer"] },
  });
  await callRest(subject, `POST ${grants}/${userGrantId}/_deactivate`, {
    organization,
  });
}

async function addKey(subject: Subject, organization: string, user: string) {
  const { publicKey, privateKey } = await generateKeyPair("RS256", {
    extractable: true,
  });
  const { keyId } = await callRest(
    subject,
    `POST /management/v1/users/${user}/keys`,
    {
      organization,
      body: {
        type: "KEY_TYPE_JSON",
        expirationDate: "2035-01-01T00:00:00Z",
        publicKey: btoa(await exportSPKI(publicKey)),
      },
    },
  );
  return { keyId: String(keyId), privateKey: await exportPKCS8(privateKey) };
}
