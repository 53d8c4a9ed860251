import type { DiffLine } from "../cli/diff.ts";
import { sleep } from "../util/sleep.ts";
import type { Instance } from "../zitadel/client.ts";
import type { NeededRight } from "../zitadel/rights.ts";

/** Checks once more, when everything else is done, that a step is still in effect. */
export type Recheck = () => Promise<void>;

/** A step of a plan, which is shown before it is made. */
export interface Step {
  readonly lines: readonly DiffLine[];
  /** Makes it, and waits until it has taken effect. */
  readonly make: (signal?: AbortSignal) => Promise<Recheck | void>;
  /** The right of the token's user; ORG_OWNER has it in the mapping's organization. */
  readonly needs?: NeededRight;
}

/** A change of the instance or the env file. */
export interface Change extends Step {
  readonly kind:
    | `${"create" | "update" | "delete"}-target`
    | "bind"
    | `${"set" | "remove"}-metadata`
    | `${"write" | "drop"}-${"key" | "credential"}`
    | "write-setting"
    | `${"create" | "remove"}-user`
    | `${"give" | "give-instance" | "take"}-role`;
  /** The setting of the env file that it writes. */
  readonly setting?: string;
  /** Whether tokens depend on the function from then on: it has to accept the key. */
  readonly isGuarded?: boolean;
  /** Whether it is about events alone, on which no token depends. */
  readonly isAboutEvents?: boolean;
}

/** Changes, and what stays as it is although it matters. */
export interface Planned {
  readonly changes: readonly Change[];
  readonly notes: readonly string[];
}

export const NOTHING: Planned = { changes: [], notes: [] };

export function joinPlans(plans: readonly Planned[]): Planned {
  return {
    changes: plans.flatMap(({ changes }) => changes),
    notes: plans.flatMap(({ notes }) => notes),
  };
}

/** What one line says of a step: its sign, and a text. */
export type Line = `${DiffLine["sign"]} ${string}`;

export function toDiffLine(line: Line): DiffLine {
  return { sign: line[0] as DiffLine["sign"], text: line.slice(2) };
}

/** The rights of IAM_OWNER that changes need, and for what. */
const RIGHTS: Partial<Record<Change["kind"], [right: string, step: string]>> = {
  "create-target": ["action.target.write", "create the target"],
  "update-target": ["action.target.write", "change the target"],
  "delete-target": ["action.target.write", "delete the target"],
  "bind": ["action.execution.write", "bind or unbind the target"],
  "create-user": ["user.write", "create the service user"],
  "remove-user": ["user.write", "remove the service user"],
  "write-credential": ["user.write", "create its credential"],
  "give-instance-role": ["iam.member.write", "give the service user its role"],
  "give-role": ["org.member.write", "give the service user its role"],
  "take-role": ["iam.member.write", "take its role of the instance"],
};

/** A change that one line describes. */
export function change(
  kind: Change["kind"],
  line: Line,
  make: Change["make"],
  rest: Omit<Change, "kind" | "lines" | "make"> = {},
): Change {
  const [right, step] = RIGHTS[kind] ?? [];
  return {
    kind,
    lines: [toDiffLine(line)],
    make,
    ...right && step && { needs: { right, step, role: "IAM_OWNER" } },
    ...rest,
  };
}

/** What changes are made on. */
export interface Place {
  /** The instance, with a token of IAM_OWNER. */
  readonly instance: Instance;
  /** Whose metadata holds the mapping; `undefined` if none is touched. */
  readonly organization: string | undefined;
  /** The env file that takes the signing key and the credential. */
  readonly envFile: string;
}

/**
 * SetExecution replaces the whole list, so of two commands that run at once the
 * later one wins. After this time it has, in milliseconds.
 */
const SETTLE_MS = 1_000;

/**
 * Makes steps in turn. If one fails, those before it stay; a new plan holds the
 * rest. The signal stops before the next step: one that is begun is completed.
 */
export async function applySteps<S extends Step>(
  steps: readonly S[],
  { onDone, signal, settleMs = SETTLE_MS }: {
    readonly onDone?: (step: S) => void;
    readonly signal?: AbortSignal | undefined;
    /** How long to wait before the rechecks, in milliseconds. */
    readonly settleMs?: number | undefined;
  } = {},
): Promise<void> {
  const rechecks: Recheck[] = [];
  for (const step of steps) {
    signal?.throwIfAborted();
    const recheck = await step.make(signal);
    if (recheck) rechecks.push(recheck);
    onDone?.(step);
  }
  if (rechecks.length > 0) await sleep(settleMs, signal);
  for (const recheck of rechecks) await recheck();
}
