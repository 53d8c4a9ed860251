/**
 * `deno task roles apply` and `export`: writes the mapping of a file into an
 * organization's metadata, and reads it back. Targets and bindings stay as they are.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import type { Outcome } from "../cli/exit.ts";
import { escapeJson, type Io, printJson, printLines } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import { applySteps, requireRightsFor } from "../plan/change.ts";
import { printPlan } from "../plan/print_plan.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { listMetadata, type MetadataEntry } from "../zitadel/metadata.ts";
import type { Organization } from "../zitadel/organization.ts";
import type { RolesOptions } from "./command_line.ts";
import { exportRoles } from "./export_roles.ts";
import { findMappingOrganization } from "../mapping/mapping_organization.ts";
import { noteUnusedRoles } from "./note_unused_roles.ts";
import { planMapping } from "./plan_mapping.ts";
import { requireProjects } from "./require_projects.ts";
import { readMappingFile } from "../mapping/roles_file.ts";
import { entryChanges } from "./write_entries.ts";

export type ApplyOptions =
  & Omit<RolesOptions, "against" | "at" | "since" | "role" | "permission">
  & { readonly file: string };

export async function runApply(
  options: ApplyOptions,
  io: Io,
): Promise<Outcome> {
  const { file, prune, json } = options;
  const { mapping, projects } = await readMappingFile(file);
  const read = await readMetadata(options, io);
  const { instance, organization, entries, settings } = read;
  const plan = planMapping(entries, mapping, { prune });
  const { set, removed } = plan;
  const place = { instance, organization: organization.id };
  const steps = entryChanges(place, plan);
  if (!options.unknownProjects) await requireProjects(place, plan, projects);
  const notes = [
    ...plan.notes,
    ...await noteUnusedRoles(read, plan, settings),
  ];
  io.progress();
  const report = (outcome: Outcome) =>
    json
      ? printJson(io, outcome, {
        instance: instance.origin,
        organization,
        applied: outcome === "done" && steps.length > 0,
        changes: [...set, ...removed],
        notes,
      })
      : outcome;
  const lines = steps.flatMap(({ lines }) => lines);
  if (!json) printPlan({ instance, organization, lines, notes }, io);
  if (options.dryRun) return report(steps.length > 0 ? "changes" : "done");
  if (steps.length === 0) return report("done");
  await requireRightsFor(place, steps);
  if (!confirm(io, "Make these changes?", options)) return report("declined");
  io.progress("writing the metadata");
  await applySteps(steps);
  if (!json) io.print(tint("good", "Done."));
  return report("done");
}

export type ExportOptions = Pick<ApplyOptions, "org" | "envFile">;

export async function runExport(
  options: ExportOptions,
  io: Io,
): Promise<Outcome> {
  const { entries, organization } = await readMetadata(options, io);
  return printExport(entries, organization, io);
}

export async function readMetadata({ org, envFile }: ExportOptions, io: Io) {
  const { settings, instance } = await connectAsAdmin(envFile, io);
  io.progress(`reading ${instance.origin}`);
  const organization = await findMappingOrganization(instance, {
    org,
    settings,
  });
  const { entries } = await listMetadata(instance, organization.id);
  return { settings, instance, organization, entries };
}

/** Prints entries as a roles file, and on stderr whose they are and what is no mapping. */
export function printExport(
  entries: readonly MetadataEntry[],
  { id, name }: Organization,
  io: Io,
): "done" {
  const { text, skipped } = exportRoles(entries);
  io.error(`Organization  ${printable(name)} (${id})`);
  for (const { key, why } of skipped) {
    io.error(`skipped, no mapping: ${key} (${why})`);
  }
  printLines(io, escapeJson(text.trimEnd()));
  return "done";
}
