import { z } from "zod";
import { callTarget } from "./call_target.ts";
import { type Exchange, inBackground, type Instance } from "./instance.ts";
import { OAuthError } from "./oauth_error.ts";
import { setEntry } from "./populate.ts";
import type { Claims } from "./function_payload.ts";
import type { Target, User } from "./world.ts";

/** The part of a target's reply that ZITADEL reads. */
const FunctionResponse = z.object({
  append_claims: z.array(z.object({ key: z.string(), value: z.unknown() })),
  append_log_claims: z.array(z.string()),
  /** User metadata to store, values in base64. */
  set_user_metadata: z.array(z.object({ key: z.string(), value: z.string() })),
}).partial();
type FunctionResponse = z.infer<typeof FunctionResponse>;

/** What a function's targets replied together. */
export interface FunctionReply extends FunctionResponse {
  readonly function: string;
}

/** Refuses a token because a target failed and interrupts on errors. */
export class ExecutionError extends OAuthError {}

const failed = (description: string, status = 400) =>
  new ExecutionError("invalid_request", description, status);
const internal = () =>
  new ExecutionError("server_error", "Errors.Internal", 500);

/** Lists the targets of a function, or of an event, its group or all events. */
function targetsOf({ world }: Instance, name: string): Target[] {
  return (world.executions.get(name)?.targets ?? [])
    .flatMap((id) => world.targets.get(id) ?? []);
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
): Promise<FunctionReply> {
  const condition = `function/${name}`;
  let response: FunctionResponse | undefined;
  for (const target of targetsOf(instance, name)) {
    const call = { token, condition, payload: { ...payload, response } };
    try {
      const reply = await callTarget(instance, target, call);
      response = judgeReply(target, reply, response);
    } catch (error) {
      if (!target.interruptOnError) continue;
      throw error instanceof ExecutionError ? error : internal();
    }
  }
  return { ...response, function: condition };
}

function judgeReply(
  { type }: Target,
  { status, body }: NonNullable<Exchange["reply"]>,
  before: FunctionResponse | undefined,
): FunctionResponse | undefined {
  if (status < 200 || status > 299) throw failed("Errors.Execution.Failed");
  if (type !== "restCall" || body === "") return before;
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw failed("Errors.Execution.ResponseIsNotValidJSON");
  }
  if (typeof json !== "object" || Array.isArray(json)) throw internal();
  const fields = Object.entries(json ?? {}).filter(([, it]) => it !== null);
  const reply: Record<string, unknown> = Object.fromEntries(fields);
  const forwarded = reply["forwardedStatusCode"];
  if (typeof forwarded === "number" && forwarded >= 400) {
    throw failed(
      String(reply["forwardedErrorMessage"] ?? ""),
      forwarded < 500 ? forwarded : 400,
    );
  }
  const { data, success } = FunctionResponse.safeParse(reply);
  if (!success) throw internal();
  return { ...before, ...data };
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
  reply: FunctionReply,
): void {
  const log: string[] = [];
  const standard = new Set(
    Object.keys(claims).filter((key) => !key.startsWith(RESERVED_PREFIX)),
  );
  for (const { key, value } of reply.append_claims ?? []) {
    if (key.startsWith(RESERVED_PREFIX) || standard.has(key)) continue;
    if (Object.hasOwn(claims, key)) log.push(`key "${key}" already exists`);
    else claims[key] = value;
  }
  log.push(...reply.append_log_claims ?? []);
  if (log.length > 0) {
    claims[`${RESERVED_PREFIX}:action:${reply.function}:log`] = log;
  }
  for (const { key, value } of reply.set_user_metadata ?? []) {
    setEntry(user, key, Uint8Array.fromBase64(value));
  }
}

/** Sends an event to its targets, in the background and without retries. */
export function deliverEvent(
  instance: Instance,
  type: string,
  payload: Record<string, unknown>,
): void {
  const group = type.slice(0, type.lastIndexOf("."));
  // The most specific execution wins, as in ZITADEL.
  const targets = [type, group, "true"].map((it) => targetsOf(instance, it))
    .find((candidates) => candidates.length > 0) ?? [];
  const deliver = async () => {
    for (const target of targets) {
      // Seen on v4.13.1 and main: signing an event finds no active web key.
      if (target.payloadType !== "json") continue;
      await callTarget(instance, target, { condition: type, payload })
        .catch(() => {});
    }
  };
  inBackground(instance, deliver());
}
