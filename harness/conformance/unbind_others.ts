import { messageOf } from "../cli/terminal.ts";
import { listExecutions, setExecution } from "../zitadel/execution.ts";
import type { Subject } from "./subject.ts";

/** The conditions that `setExecution` can set. */
const RESTORABLE =
  /^(?:function\/[^/]+|event\/(?!all$)[^/]+|event\/group\/[^/]+)$/;

/**
 * Unbinds everything on the instance; disposing of the result binds it again.
 * Notes each step, so that it can be restored by hand if the process is killed.
 */
export async function unbindOthers(
  { instance, note }: Subject,
): Promise<AsyncDisposable> {
  const bound = (await listExecutions(instance))
    .filter(({ targets }) => targets.length > 0);
  const fixed = bound.filter(({ condition }) => !RESTORABLE.test(condition));
  if (fixed.length > 0) {
    const conditions = fixed.map(({ condition }) => condition).join(", ");
    throw new Error(
      `Cannot compare this instance: targets are bound to ${conditions}, which would change its answers, and this command cannot bind them again. Unbind them first, or use another instance`,
    );
  }
  for (const { condition, targets } of bound) {
    note(`Unbinds ${condition} during the run: ${targets.join(", ")}`);
    await setExecution(instance, { condition, targets: [] });
  }
  return {
    [Symbol.asyncDispose]: async () => {
      const failures: string[] = [];
      for (const execution of bound) {
        const { condition, targets } = execution;
        try {
          await setExecution(instance, execution);
          note(`Bound ${condition} again`);
        } catch (error) {
          failures.push(`${condition} to ${targets.join(", ")}`);
          note(messageOf(error));
        }
      }
      if (failures.length > 0) {
        throw new Error(`Bind again by hand: ${failures.join("; ")}`);
      }
    },
  };
}
