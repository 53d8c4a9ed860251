/**
 * `deno task roles history`: who changed the mapping and when, from ZITADEL's event
 * log.
 *
 * @module
 */
import { printJson } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import type { RolesOptions, RunAction } from "./command_line.ts";
import type { RoleChange } from "./compare_roles.ts";
import { changesOf, type MappingChange } from "./mapping_at.ts";
import { printRoleChanges } from "./print_role_changes.ts";
import { readLog } from "./read_log.ts";
import { readMetadata } from "./read_metadata.ts";

export const runHistory: RunAction = async (_, options, io) => {
  const read = await readMetadata(options, io);
  const { organization } = read;
  const { events, unexplained, gap } = await readLog(read, io);
  const changes = selectChanges(changesOf(events), options);
  const outcome = gap ? "warnings" : "done";
  if (options.json) {
    return printJson(io, outcome, { organization, changes, unexplained });
  }
  io.print(
    `Organization  ${printable(organization.name)} (${organization.id})`,
  );
  if (changes.length === 0) io.print("No changes.");
  for (const { at, editor: { id, name }, roles } of changes) {
    io.print("");
    io.print(tint("strong", `${at}  ${printable(name)} (${id})`));
    printRoleChanges(roles, io);
  }
  if (gap) io.print(`${tint("warning", "warning")}  ${gap}`);
  return outcome;
};

function selectChanges(
  changes: readonly MappingChange[],
  { since = "", role, permission }: RolesOptions,
): MappingChange[] {
  const isWanted = ({ key, gains, loses }: RoleChange) =>
    (role === undefined || key === role || key.endsWith(`:${role}`)) &&
    (permission === undefined || [...gains, ...loses].includes(permission));
  return changes.filter(({ at }) => at >= since).flatMap((change) => {
    const roles = change.roles.filter(isWanted);
    return roles.length > 0 ? [{ ...change, roles }] : [];
  });
}
