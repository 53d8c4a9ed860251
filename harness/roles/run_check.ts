/**
 * `deno task roles check`: reports what is wrong with a roles file, what it adds
 * to tokens, and how it differs from another one. Works offline.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { formatTable } from "../cli/table.ts";
import { printable, tint } from "../cli/terminal.ts";
import { LONG_CLAIM_BYTES } from "../../lib/claims/watch_claim.ts";
import { annotateChanges, annotateProblems } from "./annotations.ts";
import { type ClaimSizes, measureClaim } from "./claim_size.ts";
import type { RolesOptions } from "./command_line.ts";
import { compareRoles, type RoleChange } from "./compare_roles.ts";
import type { RolesProblem } from "../mapping/parse_roles.ts";
import {
  formatProblem,
  readMappingFile,
  readRolesFile,
} from "../mapping/roles_file.ts";

export type CheckOptions =
  & Pick<RolesOptions, "against" | "json">
  & { readonly file: string };

/** Roles whose size is printed; `--json` has all of them. */
const MAX_SIZES_SHOWN = 10;

export async function runCheck(
  { file, against, json }: CheckOptions,
  io: Io,
): Promise<Outcome> {
  const { mapping, problems } = await readRolesFile(file);
  const before = against === undefined
    ? undefined
    : (await readMappingFile(against)).mapping;
  const hasErrors = problems.some(({ severity }) => severity === "error");
  const sizes = hasErrors ? undefined : measureClaim(mapping);
  const isLarge = sizes !== undefined && sizes.largest > LONG_CLAIM_BYTES;
  const changes = before && !hasErrors ? compareRoles(before, mapping) : [];
  const outcome = hasErrors
    ? "failed"
    : problems.length > 0 || isLarge
    ? "warnings"
    : "done";
  if (json) {
    return printJson(io, outcome, { file, problems, sizes, changes });
  }
  const resume = crypto.randomUUID();
  if (io.env.GITHUB_ACTIONS) {
    const lines = annotateProblems(problems, file);
    if (before && !hasErrors) lines.push(annotateChanges(changes, file));
    // What follows holds names of the file, which must not pose as commands.
    lines.push(`::stop-commands::${resume}`);
    for (const line of lines) io.print(line);
  }
  printProblems(problems, file, io);
  if (sizes) printSizes(sizes, isLarge, io);
  if (before && !hasErrors) printChanges(changes, against!, io);
  if (outcome === "done") {
    io.print(`${tint("good", "No problems:")} ${count(mapping.size, "role")}`);
  }
  if (io.env.GITHUB_ACTIONS) io.print(`::${resume}::`);
  return outcome;
}

function printProblems(
  problems: readonly RolesProblem[],
  file: string,
  io: Io,
): void {
  for (const problem of problems) {
    const isError = problem.severity === "error";
    const label = tint(isError ? "bad" : "warning", problem.severity);
    const { line, column } = problem;
    const place = line === undefined ? "" : `:${line}:${column}`;
    io.print(`${label}  ${printable(file)}${place}: ${formatProblem(problem)}`);
  }
}

function printSizes(
  { roles, largest, permissions }: ClaimSizes,
  isLarge: boolean,
  io: Io,
): void {
  if (roles.length === 0) return;
  const shown = roles.slice(0, MAX_SIZES_SHOWN);
  const rows = [
    ["role", "bytes in a token"],
    ...shown.map(({ key, bytes }) => [
      printable(key),
      bytes.toLocaleString("en"),
    ]),
  ];
  for (const line of formatTable(rows)) io.print(line);
  const others = roles.length - shown.length;
  if (others > 0) io.print(`  and ${count(others, "smaller role")}`);
  io.print(
    `A user of all roles gets ${
      count(permissions, "permission")
    } and a token that is ${largest.toLocaleString("en")} bytes larger`,
  );
  if (isLarge) {
    io.print(
      `${tint("warning", "warning")}  that is over ${
        LONG_CLAIM_BYTES.toLocaleString("en")
      } bytes: many servers refuse headers of 8 kB`,
    );
  }
}

function printChanges(
  changes: readonly RoleChange[],
  against: string,
  io: Io,
): void {
  if (changes.length === 0) {
    io.print(`No role differs from ${printable(against)}`);
    return;
  }
  io.print(`Compared with ${printable(against)}:`);
  printRoleChanges(changes, io);
}

export function printRoleChanges(
  changes: readonly RoleChange[],
  io: Io,
): void {
  for (const { key, kind, gains, loses, uncovers } of changes) {
    io.print(`  ${printable(key)}${kind === "changed" ? "" : ` (${kind})`}`);
    if (uncovers !== undefined) {
      io.print(
        `    ${tint("warning", "!")} the plain entry ${
          printable(uncovers)
        } applies in its place`,
      );
    }
    for (const it of gains) {
      io.print(`    ${tint("good", "+")} ${printable(it)}`);
    }
    for (const it of loses) {
      io.print(`    ${tint("bad", "-")} ${printable(it)}`);
    }
  }
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
