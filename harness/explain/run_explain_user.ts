/**
 * `deno task explain --user`: what a user's tokens hold and why, read with the
 * administrator's token.
 *
 * @module
 */
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import type { Outcome } from "../cli/exit.ts";
import { describeRules, readFunctionRules } from "../cli/function_rules.ts";
import { type Io, printJson } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import { gatherOwnedProjects } from "../doctor/gather_organizations.ts";
import type { Instance } from "../zitadel/client.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { findUser } from "../zitadel/find_user.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { assertsRoles, listUserGrants } from "../zitadel/user_grants.ts";
import type { ExplainOptions } from "./command_line.ts";
import { describeAnswer } from "./describe_answer.ts";
import {
  answerPermission,
  type PermissionAnswer,
} from "./explain_permission.ts";
import { explainUser, type UserGrantFacts } from "./explain_user.ts";
import { formatUser } from "./format_user.ts";

/** What a permission's line says at once; what follows says why. */
const VERDICTS: Partial<Record<PermissionAnswer["kind"], string>> = {
  held: "yes",
  must_request: "only if the login requests the project's roles",
};

export async function runExplainUser(
  { user: wanted, application: clientId, permission, envFile, json }:
    & ExplainOptions
    & { readonly user: string },
  io: Io,
): Promise<Outcome> {
  const { settings, instance } = await connectAsAdmin(envFile, io);
  const rules = await readFunctionRules(settings);
  io.progress(`reading ${instance.origin}`);
  const user = await findUser(instance, wanted);
  const grants: UserGrantFacts[] = [];
  for await (const page of listUserGrants(instance, user.id)) {
    for (const grant of page) {
      const isAsserted = await assertsRoles(instance, grant);
      grants.push({ ...grant, isAsserted });
    }
  }
  const application = clientId === undefined
    ? undefined
    : await findApplication(instance, clientId);
  const listings = new Map<string, ReturnType<typeof listMetadata>>();
  const list = (organization: string) =>
    listings.getOrInsertComputed(
      organization,
      () => listMetadata(instance, organization),
    );
  const mappingOf = async (organization: string) => {
    const { entries } = await list(organization);
    return { ...parseRoleMapping(entries), entries };
  };
  // v3 has no other API for metadata, and does not name the application.
  const { api } = await list(user.organization);
  const namesApplication = api !== "management_v1";
  const facts = { user, grants, application, namesApplication };
  const explanation = await explainUser(facts, mappingOf, rules);
  const answered = permission === undefined
    ? undefined
    : await answerPermission(permission, {
      grants: explanation.grants,
      userOrganization: user.organization,
      mappingOf,
      rules,
    });
  io.progress();
  const { answer } = answered ?? {};
  if (json) {
    return printJson(io, "done", { ...explanation, application, answer });
  }
  if (answered && permission !== undefined) {
    const { title, text } = describeAnswer(answered.answer, {
      permission,
      user: user.loginName,
      grants: explanation.grants,
      mappings: answered.mappings,
      projectName: (id) =>
        grants.find((it) => it.project_id === id)?.project_name ?? id,
      organizationName: (id) =>
        grants.find((it) => it.resource_owner === id)?.org_name ?? id,
    });
    const verdict = VERDICTS[answered.answer.kind] ?? "no";
    io.print(`${tint("strong", printable(permission))}: ${verdict}`);
    for (const line of [title, text]) io.print(`  ${printable(line)}`);
  } else for (const line of formatUser(explanation)) io.print(line);
  for (const note of [...explanation.notes, describeRules(settings)]) {
    io.print(tint("faint", printable(note)));
  }
  return "done";
}

/** No API of v3 searches by client id. */
async function findApplication(instance: Instance, clientId: string) {
  const organizations = await listOrganizations(instance);
  const seen = await gatherOwnedProjects(instance, organizations);
  const found = seen.applications.find((it) => it.clientId === clientId);
  if (found) return found;
  throw new Error(
    `Cannot find the application ${clientId}: expected a client id (console: Projects > application)`,
  );
}
