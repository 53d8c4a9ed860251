/**
 * `deno task roles who`: which roles grant a permission, and which users hold
 * them, on the whole instance.
 *
 * @module
 */
import { whyNotCounted } from "../../lib/claims/grants.ts";
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import {
  knownProjects,
  parseRoleMapping,
  permissionsOf,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { formatColumns } from "../cli/table.ts";
import { describeRules, readFunctionRules } from "../cli/function_rules.ts";
import { type Io, printJson } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import { count } from "../doctor/names.ts";
import { NOT_COUNTED } from "../explain/explain.ts";
import { grantingKeys } from "../explain/explain_permission.ts";
import { fixedOrganization } from "../mapping/mapping_organization.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { listDisabledUsers } from "../zitadel/find_user.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { type ListedGrant, listUserGrants } from "../zitadel/user_grants.ts";
import type { RunAction } from "./command_line.ts";

/** A user who holds a role that grants a permission. */
interface Holder extends Omit<ListedGrant, "roles"> {
  readonly role: string;
  /** Why tokens do not have the permission by it, if so. */
  readonly why: string | undefined;
}

export const runWho: RunAction = async (permission, { envFile, json }, io) => {
  const { settings, instance } = await connectAsAdmin(envFile, io);
  const rules = await readFunctionRules(settings);
  io.progress(`reading ${instance.origin}`);
  const states = new Map(
    (await listDisabledUsers(instance)).map(({ id, state }) => [id, state]),
  );
  const mappings = new Map<string, RoleMapping>();
  const mappingOf = async (organization: string) => {
    const mapping = mappings.get(organization) ??
      parseRoleMapping((await listMetadata(instance, organization)).entries);
    mappings.set(organization, mapping);
    return mapping;
  };
  const fixed = fixedOrganization(settings);
  if (fixed !== undefined) await mappingOf(fixed);
  const holders: Holder[] = [];
  let read = 0;
  for await (const page of listUserGrants(instance)) {
    for (const { roles, ...grant } of page) {
      const { project_id: projectId, user_resource_owner: owner } = grant;
      const mapping = await mappingOf(
        chooseOrganization(rules.metadataOrganization, owner)(
          grant.resource_owner,
        ),
      );
      // The user's other projects are not known here, which matters for ids that a
      // tenant chose: those that ZITADEL makes are known as such.
      const isKnown = knownProjects(rules.projects, [projectId]);
      const reason = whyNotCounted({ ...grant, roles }, rules, owner);
      const state = states.get(grant.user_id);
      const why = reason
        ? NOT_COUNTED[reason]
        : state && `the user is ${state}`;
      for (const role of roles ?? []) {
        const granted = permissionsOf(mapping, { projectId, role }, isKnown);
        if (granted?.includes(permission)) {
          holders.push({ ...grant, role, why });
        }
      }
    }
    read += page.length;
    io.progress(`read ${read} grants`);
  }
  io.progress();
  const entries = [...mappings].flatMap(([organization, mapping]) =>
    grantingKeys(mapping, permission).map((key) => ({ key, organization }))
  );
  const place = ({ project_name, org_name, login_name, id }: Holder) =>
    [project_name, org_name, login_name, id].join("\0");
  holders.sort((a, b) => place(a) < place(b) ? -1 : 1);
  if (json) return printJson(io, "done", { permission, entries, holders });
  for (const { key, organization } of entries) {
    io.print(`granted by ${printable(key)}, in organization ${organization}`);
  }
  if (entries.length === 0) io.print("No entry grants it.");
  printHolders(holders, io);
  io.print(
    tint("faint", `${count(read, "grant")} read; ${describeRules(settings)}`),
  );
  return "done";
};

function printHolders(holders: readonly Holder[], io: Io): void {
  const rows = holders.map((it) => [
    ...[it.project_name, it.org_name, it.login_name, it.user_id, it.role]
      .map(printable),
    it.why ? `no: ${it.why}` : "yes",
  ]);
  const titles = ["project", "granted by", "user", "id", "role", "counts"];
  if (rows.length > 0) formatColumns([titles, ...rows]).forEach(io.print);
  const counted = new Set(
    holders.filter(({ why }) => !why).map(({ user_id }) => user_id),
  );
  io.print(`${count(counted.size, "user")} can get it in tokens`);
}
