import { type Sandbox, startSandbox } from "../sandbox/sandbox.ts";
import { type OrganizationFile, readWorldFile } from "../sandbox/world_file.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import type { DemoEvent } from "./demo_event.ts";

/** What the demo plays on: a stand-in ZITADEL, and who is told what happens. */
export interface Stage extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** The way to it as an administrator. */
  readonly instance: Instance;
  /** The organization that everything happens in. */
  readonly organization: OrganizationFile;
  /** The project that the API belongs to. */
  readonly project: OrganizationFile["projects"][number];
  /** Begins a step, labelled in the margin. */
  readonly step: (label: string, title: string) => void;
  readonly emit: (event: DemoEvent) => void;
}

/**
 * Starts a stand-in ZITADEL whose organizations have no mapping yet: the demo
 * writes it by the same code as to a real instance.
 */
export async function openStage(options: {
  readonly signal: AbortSignal;
  readonly onEvent: (event: DemoEvent) => void;
}): Promise<Stage> {
  const { signal, onEvent } = options;
  const world = await readWorldFile();
  const organizations = world.organizations.map((it) => ({
    ...it,
    metadata: {},
  }));
  const sandbox = await startSandbox({ world: { ...world, organizations } });
  const emit = (event: DemoEvent) => {
    signal.throwIfAborted();
    onEvent(event);
  };
  const organization = organizations[0]!;
  return {
    sandbox,
    instance: connect(sandbox.origin, sandbox.adminToken),
    organization,
    project: organization.projects[0]!,
    step: (label, title) => emit({ kind: "step", label, title }),
    emit,
    [Symbol.asyncDispose]: sandbox.close,
  };
}
