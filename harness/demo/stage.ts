import { type Sandbox, startSandbox } from "../sandbox/sandbox.ts";
import { type OrganizationFile, readWorldFile } from "../sandbox/world_file.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import { formatStep, formatText } from "./format_demo.ts";

/** What the demo plays on: a stand-in ZITADEL, and who is told what happens. */
export interface Stage extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** The way to it as an administrator. */
  readonly instance: Instance;
  /** The organization that everything happens in. */
  readonly organization: OrganizationFile;
  /** The project that the API belongs to. */
  readonly project: OrganizationFile["projects"][number];
  /** Prints lines, unless the demo was interrupted. */
  readonly print: (lines: readonly string[]) => void;
  /** Begins a step, labelled in the margin. */
  readonly step: (label: string, title: string) => void;
  readonly say: (text: string) => void;
}

/**
 * Starts a stand-in ZITADEL whose organizations have no mapping yet: the demo
 * writes it by the same code as to a real instance.
 */
export async function openStage(
  signal: AbortSignal,
  printLine: (line: string) => void,
): Promise<Stage> {
  const world = await readWorldFile();
  const organizations = world.organizations.map((it) => ({
    ...it,
    metadata: {},
  }));
  const sandbox = await startSandbox({ world: { ...world, organizations } });
  const organization = organizations[0]!;
  const print = (lines: readonly string[]) => {
    signal.throwIfAborted();
    lines.forEach((line) => printLine(line));
  };
  return {
    sandbox,
    organization,
    print,
    instance: connect(sandbox.origin, sandbox.adminToken),
    project: organization.projects[0]!,
    step: (label, title) => print(formatStep(label, title)),
    say: (text) => print(formatText(text)),
    [Symbol.asyncDispose]: sandbox.close,
  };
}
