/**
 * `deno task roles who`: which roles grant a permission, and which users hold
 * them, on the whole instance.
 *
 * @module
 */
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import {
  parseRoleMapping,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { formatColumns } from "../cli/columns.ts";
import type { Outcome } from "../cli/exit.ts";
import { describeRules, readFunctionRules } from "../cli/function_rules.ts";
import { type Io, printJson } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import { grantingKeys } from "../explain/explain_permission.ts";
import type { Instance } from "../zitadel/client.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { listDisabledUsers } from "../zitadel/find_user.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { listUserGrants } from "../zitadel/user_grants.ts";
import { type Holder, holdersOf } from "./holders.ts";
import { fixedOrganization } from "./mapping_organization.ts";

export interface WhoOptions {
  readonly permission: string;
  readonly envFile: string;
  readonly json: boolean;
}

export async function runWho(
  { permission, envFile, json }: WhoOptions,
  io: Io,
): Promise<Outcome> {
  const { settings, instance } = await connectAsAdmin(envFile, io);
  const rules = await readFunctionRules(settings);
  io.progress(`reading ${instance.origin}`);
  const states = new Map(
    (await listDisabledUsers(instance)).map(({ id, state }) => [id, state]),
  );
  const { entries, mappingOf } = createGrantingMappings(instance, permission);
  const fixed = fixedOrganization(settings);
  if (fixed !== undefined) await mappingOf(fixed);
  const holders: Holder[] = [];
  let read = 0;
  for await (const { grants, total } of listUserGrants(instance)) {
    for (const grant of grants) {
      const organization = chooseOrganization(
        rules.metadataOrganization,
        grant.user_resource_owner,
      )(grant.resource_owner);
      const mapping = await mappingOf(organization);
      const userState = states.get(grant.user_id);
      // What does not grant the permission is not kept.
      if (!mapping) continue;
      holders.push(
        ...holdersOf(grant, { permission, mapping, rules, userState }),
      );
    }
    read += grants.length;
    io.progress(`read ${read} of ${total} grants`);
  }
  io.progress();
  holders.sort((a, b) => sortKey(a) < sortKey(b) ? -1 : 1);
  if (json) return printJson(io, "done", { permission, entries, holders });
  io.print(`${printable(permission)} is granted by`);
  for (const { key, organization } of entries) {
    io.print(`  ${printable(key)}, in the mapping of ${organization}`);
  }
  if (entries.length === 0) io.print("  no entry");
  printHolders(holders, io);
  io.print(tint("faint", `${read} grants; ${describeRules(settings)}`));
  return "done";
}

/** Reads each organization's mapping once, and keeps those that grant the permission. */
function createGrantingMappings(instance: Instance, permission: string) {
  const kept = new Map<string, RoleMapping | undefined>();
  const entries: { key: string; organization: string }[] = [];
  async function mappingOf(organization: string) {
    if (!kept.has(organization)) {
      const metadata = await listMetadata(instance, organization);
      const mapping = parseRoleMapping(metadata.entries);
      const keys = grantingKeys(mapping, permission);
      entries.push(...keys.map((key) => ({ key, organization })));
      kept.set(organization, keys.length > 0 ? mapping : undefined);
    }
    return kept.get(organization);
  }
  return { entries, mappingOf };
}

function sortKey(
  { project_name, project_id, org_name, resource_owner, login_name }: Holder,
): string {
  return [project_name, project_id, org_name, resource_owner, login_name]
    .join("\0");
}

function printHolders(holders: readonly Holder[], io: Io): void {
  const rows = holders.map((it) =>
    [
      it.project_name,
      it.org_name,
      it.login_name,
      it.user_id,
      it.role,
      it.why ? `no: ${it.why}` : "yes",
    ].map(printable)
  );
  const titles = ["project", "granted by", "user", "id", "role", "counts"];
  if (rows.length > 0) formatColumns([titles, ...rows]).forEach(io.print);
  const usersOf = (some: readonly Holder[]) =>
    new Set(some.map(({ user_id }) => user_id)).size;
  const counted = usersOf(holders.filter(({ why }) => why === undefined));
  io.print(
    `users whose tokens can have it: ${counted}; others who hold such a role: ${
      usersOf(holders) - counted
    }`,
  );
}
