import { lookup } from "node:dns/promises";
import { create } from "@bufbuild/protobuf";
import {
  type Duration,
  durationFromMs,
  durationMs,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb.js";
import type { Condition } from "@zitadel/proto/zitadel/action/v2beta/execution_pb.js";
import {
  type Target as TargetMessage,
  TargetSchema,
} from "@zitadel/proto/zitadel/action/v2beta/target_pb.js";
import { alreadyExists, invalidArgument, notFound } from "../api_error.ts";
import { methodsOf, pageOf } from "../api_method.ts";
import { FUNCTIONS } from "../function_payload.ts";
import { newIdentifier, newSecret } from "../identifier.ts";
import type { Target, World } from "../world.ts";

const MAX_TIMEOUT_MS = 270_000;
const SIGNING_KEY_LENGTH = 36;

/** Payload types by their numbers on the wire; the package does not know them. */
const PAYLOAD_TYPES = [undefined, "json", "jwt", "jwe"] as const;
const PAYLOAD_TYPE_IN_CREATE = 7;
const PAYLOAD_TYPE_IN_TARGET = 11;

/** The methods for targets and executions. */
export const actionMethods = methodsOf(ActionService, {
  createTarget: async (request, { world }) => {
    const { name, endpoint, targetType, timeout } = request;
    const timeoutMs = checkTimeout("CreateTargetRequest", timeout);
    await checkEndpoint(endpoint, "COMMAND-NcJUKo");
    checkName(world, name);
    const wire = request.$unknown?.find(({ no }) =>
      no === PAYLOAD_TYPE_IN_CREATE
    );
    const id = newIdentifier();
    const signingKey = newSecret(SIGNING_KEY_LENGTH);
    world.targets.set(id, {
      id,
      name,
      endpoint,
      timeoutMs,
      signingKey,
      ...typeOf(targetType),
      updatedInterruptOnError: false,
      payloadType: PAYLOAD_TYPES[wire?.data[0] ?? 0] ?? "json",
    });
    return { id, signingKey };
  },
  updateTarget: async (request, { world }) => {
    const { name, endpoint, timeout, targetType, expirationSigningKey } =
      request;
    const ms = checkTimeout("UpdateTargetRequest", timeout);
    const target = targetOf(world, request.id);
    if (endpoint !== undefined) {
      await checkEndpoint(endpoint, "COMMAND-jKbbu2");
      target.endpoint = endpoint;
    }
    if (name !== undefined && name !== target.name) {
      checkName(world, name);
      target.name = name;
    }
    if (timeout) target.timeoutMs = ms;
    if (targetType.case !== undefined) {
      const { type, interruptOnError } = typeOf(targetType);
      target.type = type;
      // Repeating the last update changes nothing, and ZITADEL does not remember
      // what the creation set: a target created with it on ignores a first "off".
      if (interruptOnError !== target.updatedInterruptOnError) {
        target.interruptOnError = interruptOnError;
        target.updatedInterruptOnError = interruptOnError;
      }
    }
    if (!expirationSigningKey) return {};
    return { signingKey: target.signingKey = newSecret(SIGNING_KEY_LENGTH) };
  },
  deleteTarget: ({ id }, { world }) => {
    world.targets.delete(id);
    for (const [key, execution] of world.executions) {
      execution.targets = execution.targets.filter((target) => target !== id);
      if (execution.targets.length === 0) world.executions.delete(key);
    }
    return {};
  },
  getTarget: ({ id }, { world }) => ({
    target: targetMessage(targetOf(world, id)),
  }),
  listTargets: ({ pagination }, { world }) => {
    const { total, page } = pageOf(
      [...world.targets.values()].reverse(),
      pagination,
    );
    return { pagination: total, targets: page.map(targetMessage) };
  },
  setExecution: ({ condition, targets }, { world }) => {
    const name = nameOf(condition);
    for (const id of targets) targetOf(world, id, "COMMAND-17e8fq1ggk");
    if (targets.length === 0) world.executions.delete(name);
    else world.executions.set(name, { condition: condition!, targets });
    return {};
  },
  listExecutions: ({ pagination }, { world }) => {
    const { total, page: executions } = pageOf(
      [...world.executions.values()].reverse(),
      pagination,
    );
    return { pagination: total, executions };
  },
});

/** Lists the public keys of a target as JSON; false is left out, as in ProtoJSON. */
export function publicKeysOf(world: World, id: string) {
  const { keys = [] } = targetOf(world, id);
  return {
    publicKeys: keys.map(({ id, pem, active, expires }) => ({
      keyId: id,
      publicKey: btoa(pem),
      ...active && { active },
      ...expires && { expirationDate: expires.toISOString() },
    })),
  };
}

function targetOf(
  world: World,
  id: string,
  place = "QUERY-hj5oaniyrz",
): Target {
  const target = world.targets.get(id);
  if (!target) throw notFound("Target not found", place);
  return target;
}

function checkName(world: World, name: string): void {
  if (world.targets.values().some((target) => target.name === name)) {
    throw alreadyExists("Errors.Target.AlreadyExists");
  }
}

function checkTimeout(message: string, timeout: Duration | undefined): number {
  const ms = timeout ? durationMs(timeout) : 0;
  if (ms >= 0 && ms <= MAX_TIMEOUT_MS) return ms;
  throw new ConnectError(
    `invalid ${message}.Timeout: value must be inside range [0s, 4m30s]`,
    Code.InvalidArgument,
  );
}

/** Throws unless the endpoint's host can be resolved. */
async function checkEndpoint(endpoint: string, id: string): Promise<void> {
  try {
    await lookup(new URL(endpoint).hostname.replace(/^\[|\]$/g, ""));
  } catch {
    throw invalidArgument("Errors.Target.DeniedURL", id);
  }
}

function typeOf(
  { case: type = "restCall", value }: TargetMessage["targetType"],
): Pick<Target, "type" | "interruptOnError"> {
  const interrupts = value && "interruptOnError" in value &&
    value.interruptOnError;
  return { type, interruptOnError: interrupts ?? false };
}

function targetMessage(target: Target): TargetMessage {
  const { type, interruptOnError, timeoutMs, payloadType, ...same } = target;
  const message = create(TargetSchema, {
    ...same,
    targetType: type === "restAsync"
      ? { case: type, value: {} }
      : { case: type, value: { interruptOnError } },
    timeout: durationFromMs(timeoutMs),
  });
  const data = Uint8Array.of(PAYLOAD_TYPES.indexOf(payloadType));
  message.$unknown = [{ no: PAYLOAD_TYPE_IN_TARGET, wireType: 0, data }];
  return message;
}

/** The name under which the world has the execution of a condition. */
function nameOf(condition: Condition | undefined): string {
  const type = condition?.conditionType;
  const name = type?.case === "function" ? type.value.name : "";
  if (FUNCTIONS.includes(name)) return name;
  if (type?.case === "event") return String(type.value.condition.value);
  throw notFound("Execution condition is invalid", "COMMAND-cdy39t0ksr");
}
