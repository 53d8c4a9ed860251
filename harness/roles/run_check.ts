/**
 * `deno task roles check`: reports what is wrong with a roles file, what it adds
 * to tokens, and how it differs from another one. Works offline.
 *
 * @module
 */
import { LONG_CLAIM_BYTES } from "../../lib/claims/watch_claim.ts";
import { type Io, printJson } from "../cli/io.ts";
import { formatTable } from "../cli/table.ts";
import { printable, tint } from "../cli/terminal.ts";
import {
  formatProblem,
  readMappingFile,
  readRolesFile,
} from "../mapping/roles_file.ts";
import { annotateChanges, annotateProblems } from "./annotations.ts";
import { measureClaim } from "./claim_size.ts";
import { compareRoles } from "./compare_roles.ts";
import { printRoleChanges } from "./print_role_changes.ts";
import type { RunAction } from "./command_line.ts";

/** Roles whose size is printed; `--json` has all of them. */
const MAX_SIZES_SHOWN = 10;

export const runCheck: RunAction = async (file, { against, json }, io) => {
  const { mapping, problems } = await readRolesFile(file);
  const before = against === undefined
    ? undefined
    : (await readMappingFile(against)).mapping;
  const hasErrors = problems.some(({ severity }) => severity === "error");
  const sizes = hasErrors ? undefined : measureClaim(mapping);
  const compared = before && !hasErrors
    ? compareRoles(before, mapping)
    : undefined;
  const isLarge = sizes !== undefined && sizes.largest > LONG_CLAIM_BYTES;
  const outcome = hasErrors
    ? "failed"
    : problems.length > 0 || isLarge
    ? "warnings"
    : "done";
  if (json) {
    const changes = compared ?? [];
    return printJson(io, outcome, { file, problems, sizes, changes });
  }
  const resume = crypto.randomUUID();
  if (io.env.GITHUB_ACTIONS) {
    annotateProblems(problems, file).forEach(io.print);
    if (compared) io.print(annotateChanges(compared, file));
    // What follows holds names of the file, which must not pose as commands.
    io.print(`::stop-commands::${resume}`);
  }
  for (const problem of problems) {
    const { severity, line, column } = problem;
    const label = tint(severity === "error" ? "bad" : "warning", severity);
    const place = line === undefined ? "" : `:${line}:${column}`;
    io.print(`${label}  ${printable(file)}${place}: ${formatProblem(problem)}`);
  }
  if (sizes) printSizes(sizes, io);
  if (compared) {
    io.print(
      compared.length === 0
        ? `No role differs from ${printable(against!)}`
        : `Compared with ${printable(against!)}:`,
    );
    printRoleChanges(compared, io);
  }
  if (outcome === "done") {
    io.print(`${tint("good", "No problems:")} ${count(mapping.size, "role")}`);
  }
  if (io.env.GITHUB_ACTIONS) io.print(`::${resume}::`);
  return outcome;
};

function printSizes(
  { roles, largest, permissions }: ReturnType<typeof measureClaim>,
  io: Io,
): void {
  if (roles.length === 0) return;
  const shown = roles.slice(0, MAX_SIZES_SHOWN)
    .map(({ key, bytes }) => [printable(key), format(bytes)]);
  formatTable([["role", "bytes in a token"], ...shown]).forEach(io.print);
  const others = roles.length - shown.length;
  if (others > 0) io.print(`  and ${count(others, "smaller role")}`);
  io.print(
    `A user of all roles gets ${
      count(permissions, "permission")
    } and a token that is ${format(largest)} bytes larger`,
  );
  if (largest > LONG_CLAIM_BYTES) {
    io.print(
      `${tint("warning", "warning")}  that is over ${
        format(LONG_CLAIM_BYTES)
      } bytes: many servers refuse headers of 8 kB`,
    );
  }
}

function format(number: number): string {
  return number.toLocaleString("en");
}

function count(number: number, noun: string): string {
  return `${format(number)} ${noun}${number === 1 ? "" : "s"}`;
}
