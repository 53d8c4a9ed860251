import { isDeepStrictEqual } from "node:util";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import {
  ActionService,
  CreateTargetRequestSchema,
} from "@zitadel/proto/zitadel/action/v2beta/action_service_pb";
import type { Target as WireTarget } from "@zitadel/proto/zitadel/action/v2beta/target_pb";
import { type Instance, to } from "./client.ts";
import { waitUntil } from "../util/wait_until.ts";
import { listAll } from "./pages.ts";
import { isUnimplemented } from "./zitadel_error.ts";

/** The default name of the function's target. */
export const DEFAULT_TARGET_NAME = "Authorization Webhook";

/** What ZITADEL does with a reply: reads it, reads its status, or nothing. */
export type TargetKind = "call" | "webhook" | "async";

export type PayloadType = "json" | "jwt" | "jwe";

export interface TargetSettings {
  /**
   * Only a `call` can add claims.
   *
   * @default "call"
   */
  readonly kind?: TargetKind;
  /** Unique on the instance. */
  readonly name: string;
  readonly endpoint: string;
  /** 0 to 270. */
  readonly timeoutSeconds: number;
  /** Whether a failing target fails the login. */
  readonly interruptOnError: boolean;
}

export interface Target extends TargetSettings {
  readonly id: string;
  readonly kind: TargetKind;
  /** The key that signs its calls; a secret. */
  readonly signingKey: string;
  /** Always JSON before v4.8. */
  readonly payloadType: PayloadType;
}

export async function listTargets(instance: Instance): Promise<Target[]> {
  const list = (name: string) => {
    const actions = instance.service(ActionService, { name });
    return listAll("list the targets", async ({ query: pagination }) => {
      const { targets: result, pagination: details } = await actions
        .listTargets({ pagination });
      return { result, details };
    }, fromWire);
  };
  try {
    return await list(WITH_PAYLOAD_TYPE);
  } catch (error) {
    if (isUnimplemented(error)) return await list(ActionService.typeName);
    throw error;
  }
}

/**
 * Creates a target, and waits until it is listed. interruptOnError is turned on by an update: ZITADEL does
 * not remember a value given at creation, and would ignore a first update to
 * off.
 */
export async function createTarget(
  instance: Instance,
  settings: TargetSettings,
  payloadType: PayloadType = "json",
): Promise<Target> {
  const wire = toWire({ ...settings, interruptOnError: false });
  const request = create(CreateTargetRequestSchema, wire);
  let name = ActionService.typeName;
  if (payloadType !== "json") {
    name = WITH_PAYLOAD_TYPE;
    const data = Uint8Array.of(PAYLOAD_TYPES.indexOf(payloadType));
    request.$unknown = [{ no: PAYLOAD_TYPE_IN_CREATE, wireType: 0, data }];
  }
  const actions = instance.service(ActionService, { name });
  const creating = to(`create the target "${settings.name}"`);
  const { id } = await actions.createTarget(request, creating);
  if (settings.interruptOnError) {
    const { targetType } = toWire(settings);
    await actions.updateTarget({ id, targetType }, creating);
  }
  return (await listedAs(instance, id, "listed", (target) => !!target))!;
}

/**
 * Changes a target, and waits until that is listed; its signing key stays. The endpoint is sent only if it
 * changes: since v4.15.2 an update that repeats a denied one is refused, and
 * interruptOnError could not be turned off.
 */
export async function updateTarget(
  instance: Instance,
  id: string,
  settings: TargetSettings,
): Promise<void> {
  const actions = instance.service(ActionService);
  const updating = to(`update the target "${settings.name}"`);
  const { target } = await actions.getTarget({ id }, updating);
  const current = target && fromWire(target);
  const { endpoint, targetType, ...others } = toWire(settings);
  if (current?.interruptOnError && !settings.interruptOnError) {
    // A target created with it on ignores "off" until an update says "on".
    const { targetType } = toWire({ ...settings, interruptOnError: true });
    await actions.updateTarget({ id, targetType }, updating);
  }
  await actions.updateTarget({
    id,
    targetType,
    ...others,
    ...endpoint !== current?.endpoint && { endpoint },
  }, updating);
  await listedAs(
    instance,
    id,
    "as it is to be",
    (target) => target && hasSettings(target, settings),
  );
}

/**
 * Deletes a target, removes it from every execution, and waits until it is gone.
 * Succeeds if it is gone already.
 */
export async function deleteTarget(
  instance: Instance,
  id: string,
): Promise<void> {
  await instance.service(ActionService)
    .deleteTarget({ id }, to("delete the target"));
  await listedAs(instance, id, "gone", (target) => !target);
}

/** Reports whether a target has these settings. */
export function hasSettings(
  target: TargetSettings,
  settings: TargetSettings,
): boolean {
  return isDeepStrictEqual(toWire(target), toWire(settings));
}

/** Waits until the list shows what was written. */
async function listedAs(
  instance: Instance,
  id: string,
  what: string,
  isSettled: (target: Target | undefined) => boolean | undefined,
): Promise<Target | undefined> {
  let found: Target | undefined;
  await waitUntil(async () => {
    found = (await listTargets(instance)).find((target) => target.id === id);
    return isSettled(found) === true;
  }, { what: `the target is ${what}` });
  return found;
}

function toWire(
  { kind = "call", name, endpoint, timeoutSeconds, interruptOnError }:
    TargetSettings,
) {
  const [wireCase] = Object.entries(KINDS).find(([, it]) => it === kind)!;
  // `restAsync` has no such field, and it is not sent.
  const value = { interruptOnError };
  const targetType = { case: wireCase, value } as WireType;
  const timeout = durationFromMs(Math.round(timeoutSeconds * 1_000));
  return { name, endpoint, timeout, targetType };
}

type WireType = NonNullable<
  MessageInitShape<typeof CreateTargetRequestSchema>["targetType"]
>;

const KINDS = {
  restCall: "call",
  restWebhook: "webhook",
  restAsync: "async",
} as const;

function fromWire(target: WireTarget): Target {
  const { id, name, endpoint, signingKey, timeout, targetType } = target;
  return {
    id,
    name,
    endpoint,
    signingKey,
    timeoutSeconds: timeout ? durationMs(timeout) / 1_000 : 0,
    kind: KINDS[targetType.case ?? "restAsync"],
    interruptOnError: targetType.case !== undefined &&
      targetType.case !== "restAsync" && targetType.value.interruptOnError,
    payloadType: payloadTypeOf(target),
  };
}

/**
 * The service that knows payload types. Its wire format is v2beta's with these
 * fields (seen on v4.13.1).
 */
const WITH_PAYLOAD_TYPE = "zitadel.action.v2.ActionService";
const PAYLOAD_TYPE_IN_CREATE = 7;
const PAYLOAD_TYPE_IN_TARGET = 11;
/** By their numbers on the wire; 0 is unspecified. */
const PAYLOAD_TYPES: readonly PayloadType[] = ["json", "json", "jwt", "jwe"];

function payloadTypeOf({ $unknown }: WireTarget): PayloadType {
  const field = $unknown?.find(({ no }) => no === PAYLOAD_TYPE_IN_TARGET);
  return PAYLOAD_TYPES[field?.data[0] ?? 0] ?? "json";
}
