import { messageOf } from "../cli/terminal.ts";
import { listExecutions, setExecution } from "../zitadel/execution.ts";
import { createTarget, deleteTarget } from "../zitadel/target.ts";
import { postJson } from "./post_json.ts";
import type { Subject } from "./subject.ts";

/** A bound target; disposing of it unbinds and deletes it. */
export interface Binding extends AsyncDisposable {
  readonly id: string;
}

export interface BindingOptions {
  readonly name: string;
  readonly endpoint: string;
  /** Such as `function/preaccesstoken`. */
  readonly condition: string;
  readonly interruptOnError?: boolean;
  readonly payloadType?: "json" | "jwt";
  /** The key, as PEM, that payloads are encrypted for. */
  readonly encryptFor?: string;
  /** Targets that are called before. */
  readonly after?: readonly string[];
}

/** Creates a target and binds it, alone or after others. */
export async function bindTarget(
  subject: Subject,
  options: BindingOptions,
): Promise<Binding> {
  const { instance, timeoutMs, settle } = subject;
  const { condition, interruptOnError = false, payloadType, after = [] } =
    options;
  const settings = {
    ...options,
    interruptOnError,
    timeoutSeconds: timeoutMs / 1000,
  };
  const id = options.encryptFor === undefined
    ? (await createTarget(instance, settings, payloadType)).id
    : await createEncrypted(subject, options);
  await setExecution(instance, { condition, targets: [...after, id] });
  await settle();
  return {
    id,
    [Symbol.asyncDispose]: async () => {
      await setExecution(instance, { condition, targets: [...after] });
      await deleteTarget(instance, id);
      await settle();
    },
  };
}

/** Creates a target of payload type JWE, for which there are REST calls only. */
async function createEncrypted(
  subject: Subject,
  { name, endpoint, encryptFor }: BindingOptions,
): Promise<string> {
  const targets = "/v2/actions/targets";
  const { id } = await postJson(subject, targets, {
    ...{ name, endpoint, timeout: "5s", restCall: {} },
    payloadType: "PAYLOAD_TYPE_JWE",
  });
  const keys = `${targets}/${id}/publickeys`;
  const { keyId } = await postJson(subject, keys, {
    publicKey: btoa(encryptFor!),
  });
  await postJson(subject, `${keys}/${keyId}/activate`, {});
  return String(id);
}

/**
 * Remembers the bindings of conditions; disposing of the result restores them.
 */
export async function keepBindings(
  { instance }: Pick<Subject, "instance">,
  conditions: readonly string[],
): Promise<AsyncDisposable> {
  const before = await listExecutions(instance);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const condition of conditions) {
        const bound = before.find((entry) => entry.condition === condition);
        const targets = bound?.targets ?? [];
        await setExecution(instance, { condition, targets });
      }
    },
  };
}

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
