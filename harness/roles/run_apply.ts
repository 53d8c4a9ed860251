/**
 * `deno task roles apply` and `export`: writes the mapping of a file into an
 * organization's metadata, and reads it back. Targets and bindings stay as they are.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import { formatDiffLine } from "../cli/diff.ts";
import type { Outcome } from "../cli/exit.ts";
import { escapeJson, type Io, printJson, printLines } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { listMetadata, type MetadataEntry } from "../zitadel/metadata.ts";
import { requireRights } from "../zitadel/rights.ts";
import { describeEntry } from "./describe_entry.ts";
import { exportRoles } from "./export_roles.ts";
import { findMappingOrganization } from "./mapping_organization.ts";
import { planMapping } from "./plan_mapping.ts";
import { readMappingFile } from "./roles_file.ts";
import { writeEntries } from "./write_entries.ts";

export interface ApplyOptions {
  readonly file: string;
  /** The organization whose metadata takes the mapping. */
  readonly org?: string | undefined;
  readonly envFile: string;
  /** Remove entries that are not in the file. */
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

export async function runApply(
  options: ApplyOptions,
  io: Io,
): Promise<Outcome> {
  const { file, org, envFile, prune, json } = options;
  const mapping = await readMappingFile(file);
  const { settings, instance } = await connectAsAdmin(envFile, io);
  io.progress(`reading ${instance.origin}`);
  const organization = await findMappingOrganization(instance, {
    org,
    settings,
  });
  const { entries } = await listMetadata(instance, organization.id);
  const { set, removed, notes } = planMapping(entries, mapping, { prune });
  const changes = [...set, ...removed];
  io.progress();
  const report = (outcome: Outcome) =>
    json
      ? printJson(io, outcome, {
        instance: instance.origin,
        organization,
        applied: outcome === "done" && changes.length > 0,
        changes,
        notes,
      })
      : outcome;
  if (!json) {
    io.print(`Instance      ${instance.origin}`);
    io.print(
      `Organization  ${printable(organization.name)} (${organization.id})`,
    );
    if (changes.length === 0) io.print("Nothing to change.");
    for (const change of changes) {
      io.print(formatDiffLine(describeEntry(change)));
    }
    for (const note of notes) {
      io.print(`  ${tint("warning", "!")} ${printable(note)}`);
    }
  }
  if (options.dryRun) return report(changes.length > 0 ? "changes" : "done");
  if (changes.length === 0) return report("done");
  await requireRights(instance, [{
    right: "org.write",
    step: "write the organization's metadata",
    role: "ORG_OWNER",
  }], organization.id);
  if (!confirm(io, "Make these changes?", options)) return report("declined");
  io.progress("writing the metadata");
  await writeEntries(instance, organization.id, changes);
  if (!json) io.print(tint("good", "Done."));
  return report("done");
}

export interface ExportOptions {
  readonly org?: string | undefined;
  readonly envFile: string;
}

export async function runExport(
  { org, envFile }: ExportOptions,
  io: Io,
): Promise<Outcome> {
  const { settings, instance } = await connectAsAdmin(envFile, io);
  io.progress(`reading ${instance.origin}`);
  const organization = await findMappingOrganization(instance, {
    org,
    settings,
  });
  const { entries } = await listMetadata(instance, organization.id);
  return printExport(entries, io);
}

/** Prints entries as a roles file, and on stderr what is no mapping. */
export function printExport(
  entries: readonly MetadataEntry[],
  io: Io,
): "done" {
  const { text, skipped } = exportRoles(entries);
  for (const { key, why } of skipped) {
    io.error(`skipped, no mapping: ${key} (${why})`);
  }
  printLines(io, escapeJson(text.trimEnd()));
  return "done";
}
