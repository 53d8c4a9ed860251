import type { RotationStep } from "./rotate.ts";

/** Puts a step into words. */
export function describeStep(
  step: RotationStep,
  { name, envFile }: { readonly name: string; readonly envFile: string },
): string {
  switch (step) {
    case "create-successor":
      return `create a second target "${name} (successor)" with a key of its own`;
    case "add-key":
      return `write its key into ${envFile} beside the old one`;
    case "wait":
      return `wait until the function accepts it: restart or deploy it with ${envFile}`;
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
