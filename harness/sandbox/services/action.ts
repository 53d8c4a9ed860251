import { isDeepStrictEqual } from "node:util";
import type {
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import {
  type Duration,
  timestampFromDate,
  timestampNow,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ActionService as ActionV2beta } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb.js";
import type { TargetSchema } from "@zitadel/proto/zitadel/action/v2beta/target_pb.js";
import { alreadyExists, apiError } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { endpointProblem } from "../endpoint_rules.ts";
import { FUNCTIONS } from "../function_payload.ts";
import { newIdentifier } from "../identifier.ts";
import { matchesText, pageOf } from "../list.ts";
import { TRAITS } from "../release.ts";
import { dated, touch } from "../dated.ts";
import { newSecret } from "../secret.ts";
import type { Target, World } from "../world.ts";
import { ActionV2, PAYLOAD_TYPES } from "./action_v2.ts";
import { listExecutions, setExecution } from "./execution.ts";
import { publicKeyMethods } from "./public_keys.ts";
import { targetOf } from "./target_of.ts";

const MAX_TIMEOUT_SECONDS = 270;
const SIGNING_KEY_LENGTH = 36;

export function actionMethods(): ApiMethod[] {
  return [
    ...methodsOf(ActionV2beta, undefined),
    ...methodsOf(ActionV2, ["4.6", "current"]),
    ...publicKeyMethods(),
  ];
}

function methodsOf(
  { method }: typeof ActionV2beta,
  releases: ApiMethod["releases"],
): ApiMethod[] {
  const options = releases ? { releases } : {};
  return [
    apiMethod(method.createTarget, createTarget, options),
    apiMethod(method.updateTarget, updateTarget, options),
    apiMethod(method.deleteTarget, deleteTarget, options),
    apiMethod(method.getTarget, ({ id }, { instance }) => ({
      target: targetMessage(targetOf(instance.world, id)),
    }), options),
    apiMethod(method.listTargets, listTargets, options),
    apiMethod(method.setExecution, setExecution, options),
    apiMethod(method.listExecutions, listExecutions, options),
    apiMethod(
      method.listExecutionFunctions,
      () => ({ functions: [...FUNCTIONS] }),
      options,
    ),
  ];
}

type Input<Method extends DescMethodUnary> = MessageShape<Method["input"]>;
type Methods = typeof ActionV2beta.method;

async function createTarget(
  request: Input<Methods["createTarget"]>,
  { instance }: Call,
) {
  const { world } = instance;
  const timeoutMs = checkTimeout("CreateTargetRequest", request.timeout);
  if (request.targetType.case === undefined) {
    throw new ConnectError(
      "invalid CreateTargetRequest.TargetType: value is required",
      Code.InvalidArgument,
    );
  }
  await checkEndpoint(instance, request.endpoint, "COMMAND-NcJUKo");
  checkName(world, request.name);
  const target: Target = {
    ...dated(),
    id: newIdentifier(),
    name: request.name,
    ...typeOf(request.targetType),
    updatedInterruptOnError: false,
    timeoutMs,
    endpoint: request.endpoint,
    signingKey: newSecret(SIGNING_KEY_LENGTH),
    payloadType: payloadTypeOf(request, instance) ?? "json",
    keys: [],
  };
  world.targets.set(target.id, target);
  return {
    id: target.id,
    creationDate: timestampFromDate(target.created),
    signingKey: target.signingKey,
  };
}

async function updateTarget(
  request: Input<Methods["updateTarget"]>,
  { instance }: Call,
) {
  const { world } = instance;
  const target = targetOf(world, request.id);
  const before = { ...target };
  if (request.endpoint !== undefined) {
    await checkEndpoint(instance, request.endpoint, "COMMAND-jKbbu2");
  }
  if (request.name !== undefined && request.name !== target.name) {
    checkName(world, request.name);
    target.name = request.name;
  }
  if (request.timeout) {
    target.timeoutMs = checkTimeout("UpdateTargetRequest", request.timeout);
  }
  if (request.endpoint !== undefined) target.endpoint = request.endpoint;
  if (request.targetType.case !== undefined) {
    const { type, interruptOnError } = typeOf(request.targetType);
    target.type = type;
    // Repeating the last update changes nothing, and ZITADEL does not remember
    // what the creation set: a target created with it on ignores a first "off".
    if (interruptOnError !== target.updatedInterruptOnError) {
      target.interruptOnError = interruptOnError;
      target.updatedInterruptOnError = interruptOnError;
    }
  }
  const payloadType = payloadTypeOf(request, instance);
  if (payloadType) target.payloadType = payloadType;
  if (request.expirationSigningKey) {
    target.signingKey = newSecret(SIGNING_KEY_LENGTH);
  }
  if (!isDeepStrictEqual(target, before)) touch(target);
  return {
    changeDate: timestampFromDate(target.changed),
    ...(request.expirationSigningKey && { signingKey: target.signingKey }),
  };
}

function deleteTarget(
  { id }: Input<Methods["deleteTarget"]>,
  { instance: { world } }: Call,
) {
  if (!world.targets.delete(id)) return {};
  for (const [key, execution] of world.executions) {
    execution.targets = execution.targets.filter((target) => target !== id);
    if (execution.targets.length === 0) world.executions.delete(key);
  }
  return { deletionDate: timestampNow() };
}

function listTargets(
  { pagination, filters }: Input<Methods["listTargets"]>,
  { instance: { world } }: Call,
) {
  const found = [...world.targets.values()].reverse().filter((target) =>
    filters.every(({ filter }) => {
      switch (filter.case) {
        case "targetNameFilter":
          return matchesText(
            target.name,
            filter.value.targetName,
            filter.value.method,
          );
        case "inTargetIdsFilter":
          return filter.value.targetIds.includes(target.id);
        default:
          return true;
      }
    })
  );
  const page = pageOf(found, pagination);
  return {
    pagination: page.pagination,
    targets: page.items.map(targetMessage),
  };
}

function checkName(world: World, name: string): void {
  for (const target of world.targets.values()) {
    if (target.name === name) {
      throw alreadyExists("Errors.Target.AlreadyExists");
    }
  }
}

function checkTimeout(message: string, timeout: Duration | undefined): number {
  const seconds = Number(timeout?.seconds ?? 0n) + (timeout?.nanos ?? 0) / 1e9;
  if (seconds < 0 || seconds > MAX_TIMEOUT_SECONDS) {
    throw new ConnectError(
      `invalid ${message}.Timeout: value must be inside range [0s, 4m30s]`,
      Code.InvalidArgument,
    );
  }
  return seconds * 1000;
}

async function checkEndpoint(
  instance: Call["instance"],
  endpoint: string,
  id: string,
): Promise<void> {
  if (await endpointProblem(endpoint, instance) === undefined) return;
  throw apiError(Code.InvalidArgument, "Errors.Target.DeniedURL", { id });
}

function typeOf(
  type: Input<Methods["createTarget"]>["targetType"],
): Pick<Target, "type" | "interruptOnError"> {
  const interruptOnError = type.case !== "restAsync" &&
    (type.value?.interruptOnError ?? false);
  return { type: type.case ?? "restCall", interruptOnError };
}

function payloadTypeOf(request: object, { release }: Call["instance"]) {
  if (!TRAITS[release].payloadTypes) return undefined;
  const { payloadType } = request as { payloadType?: number };
  return PAYLOAD_TYPES[payloadType ?? 0];
}

function targetMessage(target: Target): MessageInitShape<typeof TargetSchema> {
  const { interruptOnError } = target;
  return {
    id: target.id,
    creationDate: timestampFromDate(target.created),
    changeDate: timestampFromDate(target.changed),
    name: target.name,
    targetType: target.type === "restAsync"
      ? { case: "restAsync", value: {} }
      : { case: target.type, value: { interruptOnError } },
    timeout: {
      seconds: BigInt(Math.floor(target.timeoutMs / 1000)),
      nanos: Math.round(target.timeoutMs % 1000 * 1e6),
    },
    endpoint: target.endpoint,
    signingKey: target.signingKey,
    // ZITADEL leaves out the default.
    ...(target.payloadType !== "json" &&
      { payloadType: PAYLOAD_TYPES.indexOf(target.payloadType) }),
  };
}
