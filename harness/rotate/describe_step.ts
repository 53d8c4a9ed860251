import type { RotationStep } from "./plan_rotation.ts";
import { successorName } from "./unfinished_rotation.ts";

/** What the words for a step depend on. */
export interface StepContext {
  /** The target's name. */
  readonly name: string;
  readonly envFile: string;
  /** Where each process answers; none: the target's endpoint. */
  readonly endpoint: readonly string[];
  readonly processes?: number | undefined;
}

/** Describes a step as a command. */
export function describeStep(step: RotationStep, context: StepContext): string {
  const { name, envFile } = context;
  switch (step) {
    case "create-successor":
      return `create a second target "${
        successorName(name)
      }" with a key of its own`;
    case "add-key":
      return `write its key into ${envFile} beside the old one`;
    case "wait":
      return `wait until ${
        describeCheck(context)
      } accepts it: restart or deploy the function with ${envFile}`;
    case "swap":
      return "replace the first target with the second wherever it is bound";
    case "drop-key":
      return `remove the old key from ${envFile}`;
    case "delete-predecessor":
      return "delete the first target";
    case "rename":
      return `rename the second target to "${name}"`;
  }
}

function describeCheck({ endpoint, processes }: StepContext): string {
  const where = endpoint.length > 1
    ? `the function at each of ${endpoint.length} addresses`
    : "the function";
  if (processes === undefined) {
    return endpoint.length > 1
      ? where
      : `${where} (one process; if there are more, give --processes N)`;
  }
  return `${where} (${processes} ${processes === 1 ? "process" : "processes"})`;
}
