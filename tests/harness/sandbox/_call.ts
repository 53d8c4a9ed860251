import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb";
import type { Sandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect, type Instance } from "../../../harness/zitadel/client.ts";
import { setExecution } from "../../../harness/zitadel/execution.ts";

/** The organization of the repository's world. */
export const ACME = "390000000000000001";

// deno-lint-ignore no-explicit-any -- answers are looked at key by key
export type Json = any;

/** Calls the sandbox as its administrator. */
export async function call(
  { origin, adminToken }: Pick<Sandbox, "origin" | "adminToken">,
  route: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const [method, path] = route.split(" ") as [string, string];
  const response = await fetch(origin + path, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  const json = (): Json => JSON.parse(text);
  return { status: response.status, headers: response.headers, text, json };
}

/** The client of the sandbox's targets and executions, as its administrator. */
export function actionsOf({ origin, adminToken }: Sandbox) {
  return connect(origin, adminToken).service(ActionService);
}

/** Creates a target as other tools do: interruptOnError is on from the start. */
export async function createTarget(
  instance: Instance,
  { endpoint = "http://localhost:9/", interruptOnError = false } = {},
): Promise<{ id: string; signingKey: string }> {
  return await instance.service(ActionService).createTarget({
    name: `target ${crypto.randomUUID()}`,
    endpoint,
    timeout: { seconds: 5n },
    targetType: { case: "restCall", value: { interruptOnError } },
  });
}

/** Binds a target at the endpoint to `preaccesstoken`, or to another condition. */
export async function bindTarget(
  sandbox: Sandbox,
  endpoint: string,
  condition = "function/preaccesstoken",
): Promise<{ id: string; signingKey: string }> {
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const target = await createTarget(instance, { endpoint });
  await setExecution(instance, { condition, targets: [target.id] });
  return target;
}

/** Asks for a service user's token. */
export async function tokenFor(
  { origin }: Pick<Sandbox, "origin">,
  { scope = "openid", client = "ci-runner" } = {},
): Promise<{ status: number; answer: Json }> {
  const response = await fetch(`${origin}/oauth/v2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: client,
      client_secret: `sandbox-${client}`,
      scope,
    }),
  });
  return { status: response.status, answer: await response.json() };
}
