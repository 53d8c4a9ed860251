import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  Condition as WireCondition,
  ConditionSchema,
} from "@zitadel/proto/zitadel/action/v2beta/execution_pb";
import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb";
import { Code } from "@connectrpc/connect";
import { type Instance, to } from "./client.ts";
import { listAll } from "./pages.ts";
import { ZitadelError } from "./zitadel_error.ts";

/**
 * What triggers the targets: `function/<name>`, `event/<name>`,
 * `event/group/<name>`, `event/all`, `request/method/<name>`, and so on.
 */
export type Condition = string;

/** The targets of a condition, in the order of the calls. */
export interface Execution {
  readonly condition: Condition;
  readonly targets: readonly string[];
}

/** Lists the targets of every condition. */
export async function listExecutions(instance: Instance): Promise<Execution[]> {
  const actions = instance.service(ActionService);
  try {
    return await listAll(
      "list what is bound",
      async ({ query: pagination }) => {
        const { executions: result, pagination: details } = await actions
          .listExecutions({ pagination });
        return { result, details };
      },
      ({ condition, targets }) => (
        { condition: conditionName(condition), targets }
      ),
    );
  } catch (error) {
    if (error instanceof ZitadelError && error.code === Code.Internal) {
      throw new ZitadelError(
        "Cannot list what is bound: ZITADEL failed. v3.0 to v3.3 and v4.0 need PostgreSQL 16 or later for it. Nothing was changed, since binding a target replaces the whole list. Upgrade ZITADEL or PostgreSQL, or bind in the console (Actions V2)",
        error.code,
        error.cause,
      );
    }
    throw error;
  }
}

/** Replaces the targets of a condition; none removes the execution. */
export async function setExecution(
  instance: Instance,
  { condition, targets }: Execution,
): Promise<void> {
  await instance.service(ActionService).setExecution({
    condition: { conditionType: toWire(condition) },
    targets: [...targets],
  }, to(`bind targets to ${condition}`));
}

type WireType = NonNullable<
  MessageInitShape<typeof ConditionSchema>["conditionType"]
>;

function toWire(condition: Condition) {
  const [, type, kind = "event", name = ""] =
    /^(function|event|request|response)(?:\/(group|method|service|all))?(?:\/(.+))?$/
      .exec(condition) ?? [];
  if (type === "function") return { case: type, value: { name } } as const;
  if (!type) throw new TypeError(`Cannot bind to "${condition}"`);
  const inner = { case: kind, value: kind === "all" || name };
  return { case: type, value: { condition: inner } } as WireType;
}

function conditionName(condition: WireCondition | undefined): Condition {
  const type = condition?.conditionType;
  if (!type?.case) return "unknown";
  if (type.case === "function") return `function/${type.value.name}`;
  const { case: kind, value } = type.value.condition;
  const parts = [type.case, kind === "event" ? undefined : kind, value];
  return parts.filter((part) => typeof part === "string").join("/");
}
