/**
 * `deno task roles export`: prints the mapping as a roles file, on stderr whose it is
 * and what is no mapping; with `--at`, as it was, from ZITADEL's event log.
 *
 * @module
 */
import { escapeJson, printLines } from "../cli/io.ts";
import { printable } from "../cli/terminal.ts";
import { exportRoles } from "./export_roles.ts";
import { entriesAt } from "./mapping_at.ts";
import { readLog } from "./read_log.ts";
import { readMetadata } from "./read_metadata.ts";
import type { RunAction } from "./command_line.ts";

export const runExport: RunAction = async (_, options, io) => {
  const { at } = options;
  const read = await readMetadata(options, io);
  const { name, id } = read.organization;
  let { entries } = read;
  if (at !== undefined) {
    const { events, gap } = await readLog(read, io);
    if (gap) throw new Error(`Cannot tell the mapping of ${at}: ${gap}`);
    entries = entriesAt(events, at);
  }
  const { text, skipped } = exportRoles(entries);
  io.error(`Organization  ${printable(name)} (${id})`);
  for (const { key, why } of skipped) {
    io.error(`skipped, no mapping: ${key} (${why})`);
  }
  printLines(io, escapeJson(text.trimEnd()));
  return "done";
};
