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
import { formatColumns } from "../cli/table.ts";
import type { Outcome } from "../cli/exit.ts";
import { describeRules, readFunctionRules } from "../cli/function_rules.ts";
import { type Io, printJson } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import { count } from "../doctor/names.ts";
import { grantingKeys } from "../explain/explain_permission.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { listDisabledUsers } from "../zitadel/find_user.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { listUserGrants } from "../zitadel/user_grants.ts";
import type { RolesOptions } from "./command_line.ts";
import { type Holder, holdersOf } from "./holders.ts";
import { fixedOrganization } from "../mapping/mapping_organization.ts";

export type WhoOptions =
  & Pick<RolesOptions, "envFile" | "json">
  & { readonly permission: string };

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
  for await (const grants of listUserGrants(instance)) {
    for (const grant of grants) {
      const organization = chooseOrganization(
        rules.metadataOrganization,
        grant.user_resource_owner,
      )(grant.resource_owner);
      const mapping = await mappingOf(organization);
      const userState = states.get(grant.user_id);
      holders.push(
        ...holdersOf(grant, { permission, mapping, rules, userState }),
      );
    }
    read += grants.length;
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
  const counted = new Set(
    holders.filter(({ why }) => !why).map(({ user_id }) => user_id),
  );
  io.print(`${count(counted.size, "user")} can get it in tokens`);
}
