import { lookup } from "node:dns/promises";
import { isDeepStrictEqual } from "node:util";
import { create, type MessageShape } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb.js";
import type { ConditionSchema } from "@zitadel/proto/zitadel/action/v2beta/execution_pb.js";
import {
  type Target as TargetMessage,
  TargetSchema,
} from "@zitadel/proto/zitadel/action/v2beta/target_pb.js";
import { alreadyExists, apiError, notFound } from "../api_error.ts";
import { methodsOf, pageOf } from "../api_method.ts";
import { FUNCTIONS } from "../function_payload.ts";
import { newIdentifier, newSecret } from "../identifier.ts";
import {
  type Condition,
  conditionKey,
  dated,
  type Target,
  touch,
  type World,
} from "../world.ts";

const MAX_TIMEOUT_SECONDS = 270;
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
      ...dated(),
      ...{ id, name, endpoint, timeoutMs, signingKey, ...typeOf(targetType) },
      updatedInterruptOnError: false,
      payloadType: PAYLOAD_TYPES[wire?.data[0] ?? 0] ?? "json",
    });
    return { id, signingKey };
  },
  updateTarget: async (request, { world }) => {
    const { name, endpoint, timeout, targetType, expirationSigningKey } =
      request;
    const target = targetOf(world, request.id);
    const before = { ...target };
    if (endpoint !== undefined) {
      await checkEndpoint(endpoint, "COMMAND-jKbbu2");
      target.endpoint = endpoint;
    }
    if (name !== undefined && name !== target.name) {
      checkName(world, name);
      target.name = name;
    }
    if (timeout) {
      target.timeoutMs = checkTimeout("UpdateTargetRequest", timeout);
    }
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
    if (expirationSigningKey) target.signingKey = newSecret(SIGNING_KEY_LENGTH);
    if (!isDeepStrictEqual(target, before)) touch(target);
    return expirationSigningKey ? { signingKey: target.signingKey } : {};
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
  setExecution: ({ condition: message, targets }, { world }) => {
    const condition = conditionOf(message);
    for (const id of targets) targetOf(world, id, "COMMAND-17e8fq1ggk");
    const key = conditionKey(condition);
    if (targets.length === 0) world.executions.delete(key);
    else world.executions.set(key, { condition, targets });
    return {};
  },
  listExecutions: ({ pagination }, { world }) => {
    const { total, page } = pageOf(
      [...world.executions.values()].reverse(),
      pagination,
    );
    return {
      pagination: total,
      executions: page.map(({ condition, targets }) => (
        { condition: conditionMessage(condition), targets }
      )),
    };
  },
});

/** Lists the public keys of a target as JSON; false is left out, as in ProtoJSON. */
export function publicKeysOf(world: World, id: string) {
  const { keys = [] } = targetOf(world, id);
  return {
    publicKeys: keys.map(({ id, pem, active, expires }) => ({
      ...{ keyId: id, publicKey: btoa(pem) },
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
  const seconds = Number(timeout?.seconds ?? 0n) + (timeout?.nanos ?? 0) / 1e9;
  if (seconds >= 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds * 1000;
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
    throw apiError(Code.InvalidArgument, "Errors.Target.DeniedURL", id);
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
  const { id, name, endpoint, signingKey, timeoutMs, interruptOnError } =
    target;
  const message = create(TargetSchema, {
    ...{ id, name, endpoint, signingKey },
    targetType: target.type === "restAsync"
      ? { case: "restAsync", value: {} }
      : { case: target.type, value: { interruptOnError } },
    timeout: {
      seconds: BigInt(Math.floor(timeoutMs / 1000)),
      nanos: Math.round(timeoutMs % 1000 * 1e6),
    },
  });
  const data = Uint8Array.of(PAYLOAD_TYPES.indexOf(target.payloadType));
  message.$unknown = [{ no: PAYLOAD_TYPE_IN_TARGET, wireType: 0, data }];
  return message;
}

function conditionOf(
  message: MessageShape<typeof ConditionSchema> | undefined,
): Condition {
  const type = message?.conditionType;
  if (type?.case === "function") {
    const { name } = type.value;
    if (FUNCTIONS.includes(name)) return { function: name };
  } else if (type?.case === "event") {
    const { condition } = type.value;
    if (condition.case === "event") return { event: condition.value };
    if (condition.case === "group") return { eventGroup: condition.value };
    if (condition.case === "all") return { allEvents: true };
  }
  throw notFound("Execution condition is invalid", "COMMAND-cdy39t0ksr");
}

function conditionMessage(condition: Condition) {
  const event = (
    condition:
      | { case: "event" | "group"; value: string }
      | { case: "all"; value: boolean },
  ) => ({
    conditionType: { case: "event", value: { condition } },
  } as const);
  if ("event" in condition) {
    return event({ case: "event", value: condition.event });
  }
  if ("eventGroup" in condition) {
    return event({ case: "group", value: condition.eventGroup });
  }
  if ("allEvents" in condition) return event({ case: "all", value: true });
  const value = { name: condition.function };
  return { conditionType: { case: "function", value } } as const;
}
