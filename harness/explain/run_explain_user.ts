/**
 * `deno task explain --user`: what a user's tokens hold and why, read with the
 * administrator's token.
 *
 * @module
 */
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
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
import { describeAnswer } from "./describe_answer.ts";
import type { ExplainedMapping } from "./explain.ts";
import {
  answerPermission,
  countedOrganizations,
} from "./explain_permission.ts";
import { explainUser, type UserGrantFacts } from "./explain_user.ts";
import { formatUser } from "./format_user.ts";

export interface ExplainUserOptions {
  /** A user's id or login name. */
  readonly user: string;
  /** The client id of the application that the user logs in to. */
  readonly application?: string | undefined;
  /** The one permission to explain. */
  readonly permission?: string | undefined;
  readonly envFile: string;
  readonly json: boolean;
}

export async function runExplainUser(
  { user: wanted, application: clientId, permission, envFile, json }:
    ExplainUserOptions,
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
  const mappings = new Map<string, LoadedMapping>();
  const mappingOf = async (organization: string) => {
    const known = mappings.get(organization);
    if (known) return known;
    const { entries, api } = await listMetadata(instance, organization);
    const mapping = { ...parseRoleMapping(entries), entries, api };
    mappings.set(organization, mapping);
    return mapping;
  };
  // v3 has no other API for metadata, and does not name the application.
  const { api } = await mappingOf(user.organization);
  const facts = {
    user,
    grants,
    application,
    namesApplication: api !== "management_v1",
  };
  const explanation = await explainUser(facts, mappingOf, rules);
  const asked = {
    grants: explanation.grants,
    userOrganization: user.organization,
    mappingOf,
    rules,
  };
  const answer = permission === undefined
    ? undefined
    : await answerPermission(permission, asked);
  io.progress();
  if (json) {
    return printJson(io, "done", { ...explanation, application, answer });
  }
  if (answer) {
    const { verdict, title, text } = describeAnswer(answer, {
      permission: permission!,
      user: user.loginName,
      grants: explanation.grants,
      mappings,
      counted: countedOrganizations(asked),
      projectName: (id) =>
        grants.find((it) => it.project_id === id)?.project_name ?? id,
      organizationName: (id) =>
        grants.find((it) => it.resource_owner === id)?.org_name ?? id,
    });
    io.print(`${tint("strong", printable(permission!))}: ${verdict}`);
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

/** A mapping, and by which API it was read, which tells the release. */
type LoadedMapping = ExplainedMapping & { readonly api: MetadataApi };
