import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { ProjectService } from "@zitadel/proto/zitadel/project/v2beta/project_service_pb";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { grantRoles } from "../zitadel/user.ts";
import { attempt } from "../zitadel/zitadel_error.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecording } from "./recording.ts";
import { claimsOf } from "./tokens.ts";
import { callOf } from "./webhook_call.ts";

/** The prefix of the findings' names. */
const RECORDING = "behaviour/chosen_project_ids";

interface Recording {
  readonly rows: Readonly<
    Record<
      string,
      { readonly roles: readonly string[]; readonly seen: unknown }
    >
  >;
}

/** Compares payloads and claims of projects whose ids a tenant chose. */
export async function* projectIdChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  if (context.subject.release === "3.4") return; // has no such API
  const { rows } = await readRecording<Recording>(RECORDING);
  for (const [id, { roles, seen }] of Object.entries(rows)) {
    yield await compare(
      `${RECORDING}: ${id}`,
      seen,
      () => lookAtProject(context, { id, roles }),
    );
  }
}

async function lookAtProject(
  context: CheckContext,
  { id, roles }: { id: string; roles: readonly string[] },
): Promise<unknown> {
  const { subject, scenario } = context;
  const { acme } = scenario.organizations;
  const project = `${id}${scenario.suffix}`;
  const { instance } = subject;
  await attempt(
    "create the project",
    () =>
      instance.service(ProjectService).createProject({
        organizationId: acme,
        id: project,
        name: project,
      }),
  );
  await subject.settle();
  await attempt(
    "add the roles",
    () =>
      instance.service(ManagementService, { organization: acme })
        .bulkAddProjectRoles({
          projectId: project,
          roles: roles.map((key) => ({ key, displayName: key })),
        }),
  );
  const user = scenario.machine.id;
  await grantRoles(instance, acme, { user, project, roles });
  await subject.settle();
  let accessToken = "";
  const { body } = await callOf(context, async () => {
    ({ accessToken } = await clientCredentials(subject.origin, {
      ...scenario.machine,
      scope: roleScopes(project),
    }));
  }, {});
  const claims = claimsOf(accessToken);
  const seen = {
    aud: claims["aud"],
    grants: JSON.parse(body).user_grants?.map((
      grant: { project_id: string; roles: string[] },
    ) => [grant.project_id, grant.roles]),
    claims: Object.entries(claims)
      .filter(([key]) => key.startsWith("urn:zitadel:iam:org:project:"))
      .map(([key, value]) => [key, Object.keys(value as object)]),
  };
  return JSON.parse(
    JSON.stringify(seen).replaceAll(scenario.suffix, ""),
  );
}
