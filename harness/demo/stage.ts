import { startSandbox } from "../sandbox/sandbox.ts";
import { readWorldFile } from "../sandbox/world_file.ts";
import { connect } from "../zitadel/client.ts";
import { formatStep, formatText } from "./format_demo.ts";

/** What the demo plays on: a stand-in ZITADEL, and who is told what happens. */
export type Stage = Awaited<ReturnType<typeof openStage>>;

/**
 * Starts a stand-in ZITADEL whose organizations have no mapping yet: the demo
 * writes it by the same code as to a real instance.
 */
export async function openStage(
  signal: AbortSignal,
  printLine: (line: string) => void,
) {
  const world = await readWorldFile();
  const organizations = world.organizations.map((it) => ({
    ...it,
    metadata: {},
  }));
  const sandbox = await startSandbox({ world: { ...world, organizations } });
  const organization = organizations[0]!;
  /** Prints lines, unless the demo was interrupted. */
  const print = (lines: readonly string[]) => {
    signal.throwIfAborted();
    lines.forEach((line) => printLine(line));
  };
  return {
    sandbox,
    organization,
    print,
    /** The way to it as an administrator. */
    instance: connect(sandbox.origin, sandbox.adminToken),
    /** The project that the API belongs to. */
    project: organization.projects[0]!,
    /** Begins a step, labelled in the margin. */
    step: (label: string, title: string) => print(formatStep(label, title)),
    say: (text: string) => print(formatText(text)),
    [Symbol.asyncDispose]: sandbox.close,
  };
}
