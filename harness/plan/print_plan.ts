import { formatDiffLine } from "../cli/diff.ts";
import type { Io } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import type { Instance } from "../zitadel/client.ts";
import type { Organization } from "../zitadel/organization.ts";
import type { Step } from "./change.ts";

/** Prints what is about to change and where, and what stays although it matters. */
export function printPlan(
  { instance, organization, why, steps, notes = [] }: {
    readonly instance: Instance;
    readonly organization?: Organization | undefined;
    /** Why that organization. */
    readonly why?: string | undefined;
    readonly steps: readonly Pick<Step, "lines">[];
    readonly notes?: readonly string[];
  },
  io: Pick<Io, "print">,
): void {
  io.print(`Instance      ${instance.origin}`);
  if (organization) {
    const { name, id } = organization;
    const reason = why ? `: ${printable(why)}` : "";
    io.print(`Organization  ${printable(name)} (${id})${reason}`);
  }
  if (steps.length === 0) io.print("Nothing to change.");
  for (const line of steps.flatMap(({ lines }) => lines)) {
    io.print(formatDiffLine(line));
  }
  for (const note of notes) {
    io.print(`  ${tint("warning", "!")} ${printable(note)}`);
  }
}
