import { listExecutions, setExecution } from "../zitadel/execution.ts";
import { createTarget, deleteTarget } from "../zitadel/target.ts";
import { callRest, type Subject } from "./subject.ts";

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
  /** JSON if absent. */
  readonly payloadType?: "PAYLOAD_TYPE_JWT" | "PAYLOAD_TYPE_JWE";
  /** The key that payloads are encrypted for. */
  readonly publicKey?: string;
  readonly after?: readonly string[];
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

/** Creates a target and binds it alone, or after others. */
export async function bindTarget(
  subject: Subject,
  options: BindingOptions,
): Promise<Binding> {
  const { instance, timeoutMs } = subject;
  const { condition, name, endpoint, interruptOnError = false } = options;
  const kept = await keepBindings(subject, [condition]);
  const id = options.payloadType
    ? await createWrapped(subject, options)
    : (await createTarget(instance, {
      name,
      endpoint,
      timeoutSeconds: 5,
      interruptOnError,
    })).id;
  if (!options.payloadType) {
    await callRest(subject, `POST /v2beta/actions/targets/${id}`, {
      body: { timeout: `${timeoutMs / 1000}s` },
    });
  }
  const targets = [...options.after ?? [], id];
  await setExecution(instance, { condition, targets });
  await subject.settle();
  return {
    id,
    [Symbol.asyncDispose]: async () => {
      await kept[Symbol.asyncDispose]();
      await deleteTarget(instance, id);
      await subject.settle();
    },
  };
}

async function createWrapped(
  subject: Subject,
  { name, endpoint, payloadType, publicKey }: BindingOptions,
): Promise<string> {
  const { id } = await callRest(subject, "POST /v2/actions/targets", {
    body: { name, endpoint, timeout: "5s", restCall: {}, payloadType },
  });
  if (publicKey !== undefined) {
    const path = `POST /v2/actions/targets/${id}/publickeys`;
    const { keyId } = await callRest(subject, path, {
      body: { publicKey: btoa(publicKey) },
    });
    await callRest(subject, `${path}/${keyId}/activate`);
  }
  return String(id);
}
