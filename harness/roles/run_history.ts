/**
 * `deno task roles history` and `export --at`: who changed the mapping and when,
 * and the mapping as it was, from ZITADEL's event log.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import { listMetadataEvents } from "../zitadel/events.ts";
import type { RolesOptions } from "./command_line.ts";
import type { RoleChange } from "./compare_roles.ts";
import {
  changesOf,
  entriesAt,
  type MappingChange,
  unexplainedKeys,
} from "./mapping_at.ts";
import { type ExportOptions, printExport, readMetadata } from "./run_apply.ts";
import { printRoleChanges } from "./run_check.ts";

export type HistoryOptions =
  & ExportOptions
  & Pick<RolesOptions, "since" | "role" | "permission" | "json">;

export async function runHistory(
  options: HistoryOptions,
  io: Io,
): Promise<Outcome> {
  const { organization, events, unexplained, gap } = await readLog(options, io);
  const changes = selectChanges(changesOf(events), options);
  const outcome = gap ? "warnings" : "done";
  if (options.json) {
    return printJson(io, outcome, {
      organization,
      changes,
      unexplained,
    });
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
}

export async function runExportAt(
  options: ExportOptions & { readonly at: string },
  io: Io,
): Promise<Outcome> {
  const { organization, events, gap } = await readLog(options, io);
  if (gap) throw new Error(`Cannot tell the mapping of ${options.at}: ${gap}`);
  return printExport(entriesAt(events, options.at), organization, io);
}

async function readLog(options: ExportOptions, io: Io) {
  const { instance, organization, entries } = await readMetadata(options, io);
  io.progress(`reading the event log of ${instance.origin}`);
  const events = await listMetadataEvents(instance, organization.id);
  io.progress();
  const unexplained = unexplainedKeys(events, entries);
  const keys = unexplained.map(printable).join(", ");
  const gap = keys &&
    `the event log no longer holds, or does not hold yet, how these entries came about: ${keys}`;
  return { organization, events, unexplained, gap };
}

function selectChanges(
  changes: readonly MappingChange[],
  { since = "", role, permission }: HistoryOptions,
): MappingChange[] {
  const isWanted = ({ key, gains, loses }: RoleChange) =>
    (role === undefined || key === role || key.endsWith(`:${role}`)) &&
    (permission === undefined || [...gains, ...loses].includes(permission));
  return changes.filter(({ at }) => at >= since).flatMap((change) => {
    const roles = change.roles.filter(isWanted);
    return roles.length > 0 ? [{ ...change, roles }] : [];
  });
}
