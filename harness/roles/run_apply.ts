/**
 * `deno task roles apply`: writes the mapping of a file into an organization's
 * metadata. Targets and bindings stay as they are.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import { printJson } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { readMappingFile } from "../mapping/roles_file.ts";
import { carryOut, decide } from "../plan/carry_out.ts";
import { printPlan } from "../plan/print_plan.ts";
import { noteUnusedRoles } from "./note_unused_roles.ts";
import { planMapping } from "./plan_mapping.ts";
import { readMetadata } from "./read_metadata.ts";
import { requireProjects } from "./require_projects.ts";
import type { RunAction } from "./command_line.ts";
import { entryChanges } from "./write_entries.ts";

export const runApply: RunAction = async (file, options, io) => {
  const { prune, json } = options;
  const { mapping, projects } = await readMappingFile(file);
  const read = await readMetadata(options, io);
  const { instance, organization } = read;
  const plan = planMapping(read.entries, mapping, { prune });
  const place = { instance, organization: organization.id };
  const steps = entryChanges(place, plan);
  if (!options.unknownProjects) await requireProjects(place, plan, projects);
  const notes = [...plan.notes, ...await noteUnusedRoles(read, plan)];
  io.progress();
  if (!json) printPlan({ instance, organization, steps, notes }, io);
  let outcome: Outcome | undefined = await decide(steps, place, {
    ...options,
    io,
  });
  if (outcome === undefined && steps.length > 0) {
    const signal = io.untilInterrupted();
    io.progress("writing the metadata");
    await carryOut(steps, { io, signal }, (apply) => apply(steps));
    if (!json) io.print(tint("good", "Done."));
  }
  outcome ??= "done";
  return !json ? outcome : printJson(io, outcome, {
    instance: instance.origin,
    organization,
    applied: outcome === "done" && steps.length > 0,
    changes: [...plan.set, ...plan.removed],
    notes,
  });
};
