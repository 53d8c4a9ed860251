import { type Instance, postJson } from "../zitadel/client.ts";
import { listExecutions, setExecution } from "../zitadel/execution.ts";
import { createTarget, deleteTarget } from "../zitadel/target.ts";
import type { Run } from "./check.ts";

export interface BindingOptions {
  /** Below the run's target; also the name. */
  readonly path: string;
  readonly condition?: string;
  readonly interruptOnError?: boolean;
  readonly payloadType?: "json" | "jwt";
  /** The key, as PEM, that payloads are encrypted for. */
  readonly encryptFor?: string;
  /** Targets that are called before. */
  readonly after?: readonly string[];
}

/** Creates a target and binds it, alone or after others; disposing of the result unbinds and deletes it. */
export async function bindTarget(
  { instance, target, suffix, timeoutMs, settle }: Run,
  {
    path,
    condition = "function/preaccesstoken",
    interruptOnError = false,
    payloadType = "json",
    encryptFor,
    after = [],
  }: BindingOptions,
) {
  const settings = {
    name: `${path} ${suffix}`,
    endpoint: `${target.origin}/${path}`,
    timeoutSeconds: timeoutMs / 1000,
    interruptOnError,
  };
  const type = encryptFor === undefined ? payloadType : "jwe";
  const { id } = await createTarget(instance, settings, type);
  await using stack = new AsyncDisposableStack();
  stack.defer(settle);
  stack.defer(() => deleteTarget(instance, id));
  if (encryptFor !== undefined) await addPublicKey(instance, id, encryptFor);
  await setExecution(instance, { condition, targets: [...after, id] });
  stack.defer(() => setExecution(instance, { condition, targets: after }));
  await settle();
  const bound = stack.move();
  return { id, [Symbol.asyncDispose]: () => bound.disposeAsync() };
}

/** By REST: the descriptors of these calls are not published. */
async function addPublicKey(
  instance: Instance,
  target: string,
  pem: string,
): Promise<void> {
  const keys = `/v2/actions/targets/${target}/publickeys`;
  const post = async (path: string, body: unknown) => {
    const response = await postJson(instance, path, body);
    if (response.ok) return await response.json();
    throw new Error(`Cannot add a public key: ${await response.text()}`);
  };
  const { keyId } = await post(keys, { publicKey: btoa(pem) });
  await post(`${keys}/${keyId}/activate`, {});
}

/**
 * Unbinds everything on the instance, or what is bound to one condition; disposing
 * of the result binds it again. Notes each step, so that it can be restored by hand
 * if the process is killed.
 */
export async function unbindOthers(
  { instance, note }: {
    readonly instance: Instance;
    readonly note: (line: string) => void;
  },
  only?: string,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  for (const execution of await listExecutions(instance)) {
    const { condition, targets } = execution;
    if (targets.length === 0 || (only ?? condition) !== condition) continue;
    const ids = targets.join(", ");
    note(`Unbinds ${condition} during the run: ${ids}`);
    stack.defer(async () => {
      try {
        await setExecution(instance, execution);
        note(`Bound ${condition} again`);
      } catch (error) {
        note(`Bind again by hand: ${condition} to ${ids}`);
        throw error;
      }
    });
    await setExecution(instance, { condition, targets: [] });
  }
  return stack.move();
}
