import { callTarget } from "./call_target.ts";
import { inBackground, type Instance } from "./instance.ts";
import {
  type Condition,
  conditionKey,
  dated,
  type Target,
  type User,
} from "./world.ts";
import type { Claims } from "./user_claims.ts";
import { OAuthError } from "./oauth_error.ts";

/** The part of a target's reply that ZITADEL reads. */
export interface FunctionResponse {
  append_claims?: { key: string; value: unknown }[] | null;
  append_log_claims?: string[] | null;
  append_attribute?: unknown[] | null;
  /** User metadata to store, values in base64. */
  set_user_metadata?: { key: string; value: string }[] | null;
}

const RESPONSE_FIELDS = [
  "append_claims",
  "append_log_claims",
  "append_attribute",
  "set_user_metadata",
] as const;

/** Refuses a token because a target failed and interrupts on errors. */
export class ExecutionError extends OAuthError {}

const failed = (description: string, status = 400) =>
  new ExecutionError("invalid_request", description, status);
const internal = () =>
  new ExecutionError("server_error", "Errors.Internal", 500);

function targetsOf(instance: Instance, condition: Condition): Target[] {
  const execution = instance.world.executions.get(conditionKey(condition));
  return (execution?.targets ?? [])
    .map((id) => instance.world.targets.get(id))
    .filter((target) => target !== undefined);
}

/**
 * Calls a function's targets in order, each with the merged reply of those
 * before.
 */
export async function runFunction(
  instance: Instance,
  name: string,
  payload: Record<string, unknown>,
  token?: string,
): Promise<FunctionResponse> {
  let response: FunctionResponse | undefined;
  for (const target of targetsOf(instance, { function: name })) {
    const call = callTarget(instance, target, {
      condition: `function/${name}`,
      payload: response ? { ...payload, response } : payload,
      token,
    });
    if (target.type === "restAsync") {
      inBackground(instance, call.catch(() => {}));
      continue;
    }
    try {
      response = judgeReply(target, await call, response);
    } catch (error) {
      if (!target.interruptOnError) continue;
      throw error instanceof ExecutionError ? error : internal();
    }
  }
  return response ?? {};
}

function judgeReply(
  target: Target,
  { status, body }: { status: number; body: string },
  before: FunctionResponse | undefined,
): FunctionResponse | undefined {
  if (status < 200 || status > 299) throw failed("Errors.Execution.Failed");
  if (target.type === "restWebhook" || body === "") return before;
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw failed("Errors.Execution.ResponseIsNotValidJSON");
  }
  if (typeof json !== "object" || Array.isArray(json)) throw internal();
  const reply: Record<string, unknown> = { ...json };
  const forwarded = reply["forwardedStatusCode"];
  if (typeof forwarded === "number" && forwarded >= 400) {
    throw failed(
      String(reply["forwardedErrorMessage"] ?? ""),
      forwarded < 500 ? forwarded : 400,
    );
  }
  const after: Record<string, unknown> = { ...before };
  for (const field of RESPONSE_FIELDS) {
    const value = reply[field];
    if (value === undefined || value === null) continue;
    if (!Array.isArray(value)) throw internal();
    after[field] = value;
  }
  return after;
}

/** Prefix of ZITADEL's own claims; targets cannot set them. */
const RESERVED_PREFIX = "urn:zitadel:iam";

/**
 * Adds what targets replied: claims, except reserved and standard ones, and user
 * metadata. A claim that was added before stays, and the log claim says so.
 */
export function applyResponse(
  claims: Claims,
  user: User,
  name: string,
  response: FunctionResponse,
): void {
  const log: string[] = [];
  const standard = new Set(
    Object.keys(claims).filter((key) => !key.startsWith(RESERVED_PREFIX)),
  );
  for (const { key, value } of response.append_claims ?? []) {
    if (key.startsWith(RESERVED_PREFIX) || standard.has(key)) continue;
    if (Object.hasOwn(claims, key)) log.push(`key "${key}" already exists`);
    else claims[key] = value;
  }
  log.push(...response.append_log_claims ?? []);
  if (log.length > 0) {
    claims[`${RESERVED_PREFIX}:action:function/${name}:log`] = log;
  }
  for (const { key, value } of response.set_user_metadata ?? []) {
    user.sequence++;
    const entry = { value: Uint8Array.fromBase64(value) };
    user.metadata.set(key, { ...dated(user.sequence), ...entry });
  }
}

/** A change that event targets receive. */
export interface SandboxEvent {
  /** Such as `org.metadata.set`. */
  readonly type: string;
  readonly organizationId: string;
  readonly sequence: number;
  readonly userId: string;
  readonly payload: unknown;
}

/** Sends an event to its targets, in the background and without retries. */
export function deliverEvent(instance: Instance, event: SandboxEvent): void {
  const group = event.type.slice(0, event.type.lastIndexOf("."));
  // The most specific execution wins, as in ZITADEL.
  const targets = [
    targetsOf(instance, { event: event.type }),
    targetsOf(instance, { eventGroup: group }),
    targetsOf(instance, { allEvents: true }),
  ].find((candidates) => candidates.length > 0) ?? [];
  if (targets.length === 0) return;
  const payload = {
    aggregateID: event.organizationId,
    aggregateType: "org",
    resourceOwner: event.organizationId,
    instanceID: instance.world.instanceId,
    version: "v1",
    sequence: event.sequence,
    event_type: event.type,
    created_at: new Date().toISOString(),
    userID: event.userId,
    event_payload: event.payload,
  };
  inBackground(
    instance,
    (async () => {
      for (const target of targets) {
        // Seen on v4.13.1 and main: signing an event finds no active web key.
        if (target.payloadType !== "json") continue;
        await callTarget(instance, target, { condition: event.type, payload })
          .catch(() => {});
      }
    })(),
  );
}
