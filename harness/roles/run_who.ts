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

/** An entry that grants the permission, whether or not a user has its role. */
interface GrantingEntry {
  readonly organization: string;
  readonly key: string;
}

export async function runWho(
  { permission, envFile, json }: WhoOptions,
  io: Io,
): Promise<Outcome> {
  const { settings, instance } = await connectAsAdmin(envFile, io);
  const rules = await readFunctionRules(settings);
  io.progress(`reading ${instance.origin}`);
  const disabled = await listDisabledUsers(instance);
  const mappings = createGrantingMappings(instance, permission);
  const fixed = fixedOrganization(settings);
  if (fixed !== undefined) await mappings.of(fixed);
  const holders: Holder[] = [];
  let read = 0;
  for await (const { grants, total } of listUserGrants(instance)) {
    for (const grant of grants) {
      const organizationOf = chooseOrganization(
        rules.metadataOrganization,
        grant.user.organization,
      );
      const mapping = await mappings.of(organizationOf(grant.grantedBy.id));
      const state = disabled.get(grant.user.id);
      if (mapping) {
        holders.push(...holdersOf(grant, { permission, mapping, rules, state }));
      }
    }
    read += grants.length;
    io.progress(`read ${read} of ${total} grants`);
  }
  io.progress();
  const { entries } = mappings;
  if (json) return printJson(io, "done", { permission, entries, holders });
  printEntries(permission, entries, io);
  printHolders(holders, io);
  io.print("");
  io.print(`${read} grants were read; rules: ${describeRules(rules)}`);
  return "done";
}

/** Reads each organization's mapping once, and keeps those that grant the permission. */
function createGrantingMappings(instance: Instance, permission: string) {
  const kept = new Map<string, RoleMapping | undefined>();
  const entries: GrantingEntry[] = [];
  return {
    entries,
    async of(organization: string): Promise<RoleMapping | undefined> {
      if (kept.has(organization)) return kept.get(organization);
      const { entries: read } = await listMetadata(instance, organization);
      const mapping = parseRoleMapping(read);
      const keys = [...mapping.plain]
        .filter(([, names]) => names.includes(permission))
        .map(([key]) => key);
      entries.push(...keys.map((key) => ({ organization, key })));
      kept.set(organization, keys.length > 0 ? mapping : undefined);
      return kept.get(organization);
    },
  };
}

function printEntries(
  permission: string,
  entries: readonly GrantingEntry[],
  io: Io,
): void {
  if (entries.length === 0) {
    io.print(`No entry grants ${printable(permission)}.`);
    return;
  }
  io.print(`${tint("strong", printable(permission))} is granted by`);
  const rows = entries.map(({ key, organization }) => [
    printable(key),
    `in organization ${organization}`,
  ]);
  for (const line of formatColumns(rows)) io.print(line);
}

function printHolders(holders: readonly Holder[], io: Io): void {
  const count = (some: readonly Holder[]) =>
    new Set(some.map(({ user }) => user.id)).size;
  const counted = holders.filter(({ why }) => why === undefined);
  const groups = Map.groupBy(
    holders,
    ({ project, grantedBy }) =>
      `${project.name} (${project.id}), granted by ${grantedBy.name} (${grantedBy.id})`,
  );
  for (const [title, its] of [...groups].sort()) {
    io.print("");
    io.print(tint("strong", printable(`project ${title}`)));
    const rows = its.map(({ user, role, why }) =>
      [user.loginName, user.id, role, why ? `no: ${why}` : "yes"].map(printable)
    ).sort(([a], [b]) => a! < b! ? -1 : 1);
    const lines = formatColumns([["user", "id", "role", "counts"], ...rows]);
    for (const line of lines) io.print(line);
  }
  io.print("");
  io.print(
    `${count(counted)} users have it, ${
      count(holders) - count(counted)
    } more hold a role that does not count`,
  );
}
