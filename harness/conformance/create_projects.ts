import { createApplication, createProject } from "../zitadel/project.ts";
import type { Application, Scenario } from "./scenario.ts";
import { callRest, type Subject } from "./subject.ts";

const REDIRECT_URI = "http://localhost:9000/callback";

/** Creates the projects and their applications. */
export async function createProjects(
  subject: Subject,
  { acme, catalogue }: Scenario["organizations"],
): Promise<Pick<Scenario, "projects" | "apps">> {
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
  return {
    apps: {
      storefront: await app("spa", storefront),
      opaque: await app("opaque", storefront, "opaque"),
      exchange: await exchangeApp(subject, acme, storefront.id),
      warehouse: await app("terminal", warehouse),
    },
    projects: {
      storefront: storefront.id,
      warehouse: warehouse.id,
      catalogue: await createCatalogue(subject, catalogue),
    },
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
