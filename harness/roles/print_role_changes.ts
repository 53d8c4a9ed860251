import type { Io } from "../cli/io.ts";
import { printable, tint, type Tone } from "../cli/terminal.ts";
import type { RoleChange } from "./compare_roles.ts";

/** Prints who gains and loses what, role by role. */
export function printRoleChanges(
  changes: readonly RoleChange[],
  io: Pick<Io, "print">,
): void {
  const mark = (tone: Tone, sign: string, text: string) =>
    io.print(`    ${tint(tone, sign)} ${text}`);
  for (const { key, kind, gains, loses, uncovers } of changes) {
    io.print(`  ${printable(key)}${kind === "changed" ? "" : ` (${kind})`}`);
    if (uncovers !== undefined) {
      const plain = printable(uncovers);
      mark("warning", "!", `the plain entry ${plain} applies in its place`);
    }
    for (const it of gains) mark("good", "+", printable(it));
    for (const it of loses) mark("bad", "-", printable(it));
  }
}
