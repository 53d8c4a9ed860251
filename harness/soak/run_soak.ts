import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { formatTable } from "../cli/table.ts";
import { tint } from "../cli/terminal.ts";
import type { SoakPhase } from "./phases.ts";
import { soak } from "./soak.ts";

export interface SoakCommandOptions {
  /** How long, about. */
  readonly minutes: number;
  readonly json: boolean;
}

/** `deno task soak`: runs the soak, prints each part and what must hold. */
export async function runSoak(
  { minutes, json }: SoakCommandOptions,
  io: Io,
): Promise<Outcome> {
  const { phases, checks } = await soak({ minutes, onPhase: io.progress });
  io.progress();
  const outcome = checks.every(({ holds }) => holds) ? "done" : "failed";
  if (json) return printJson(io, outcome, { phases, checks });
  for (const line of formatPhases(phases)) io.print(line);
  io.print("");
  for (const { text, holds } of checks) {
    const state = holds ? tint("good", "holds ") : tint("bad", "broken");
    io.print(`${state} ${text}`);
  }
  return outcome;
}

function formatPhases(phases: readonly SoakPhase[]): string[] {
  return formatTable([
    ["", "calls/s", "p50 ms", "p99 ms", "max ms", "MB", "sockets", "answers"],
    ...phases.map((phase) => [
      phase.name,
      phase.perSecond.toFixed(0),
      phase.p50.toFixed(1),
      phase.p99.toFixed(1),
      phase.max.toFixed(0),
      phase.memoryMb.toFixed(0),
      String(phase.sockets ?? "?"),
      Object.entries(phase.statuses)
        .map(([status, count]) => `${status}: ${count}`).join("  "),
    ]),
  ]);
}
