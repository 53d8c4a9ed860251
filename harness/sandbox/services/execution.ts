import type {
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb.js";
import type { ConditionSchema } from "@zitadel/proto/zitadel/action/v2beta/execution_pb.js";
import { notFound } from "../api_error.ts";
import type { Call } from "../api_method.ts";
import { conditionKey } from "../condition_key.ts";
import { dated, touch } from "../dated.ts";
import { FUNCTIONS } from "../function_payload.ts";
import { pageOf } from "../list.ts";
import type { Condition } from "../world.ts";

type Input<Method extends DescMethodUnary> = MessageShape<Method["input"]>;
type Methods = typeof ActionService.method;

/** Replaces the targets of a condition. */
export function setExecution(
  request: Input<Methods["setExecution"]>,
  { instance: { world } }: Call,
) {
  const condition = conditionOf(request.condition);
  for (const id of request.targets) {
    if (!world.targets.has(id)) {
      throw notFound("Target not found", "COMMAND-17e8fq1ggk");
    }
  }
  const key = conditionKey(condition);
  const execution = world.executions.get(key) ??
    { ...dated(), condition, targets: [] };
  execution.targets = [...request.targets];
  const changed = touch(execution);
  if (execution.targets.length > 0) world.executions.set(key, execution);
  else world.executions.delete(key);
  return { setDate: timestampFromDate(changed) };
}

/** Lists executions, the latest first. */
export function listExecutions(
  { pagination, filters }: Input<Methods["listExecutions"]>,
  { instance: { world } }: Call,
) {
  const found = [...world.executions.values()].reverse().filter((execution) =>
    filters.every(({ filter }) => {
      switch (filter.case) {
        case "targetFilter":
          return execution.targets.includes(filter.value.targetId);
        case "inConditionsFilter":
          return filter.value.conditions.some((condition) =>
            conditionKey(conditionOf(condition)) ===
              conditionKey(execution.condition)
          );
        default:
          return true;
      }
    })
  );
  const page = pageOf(found, pagination);
  return {
    pagination: page.pagination,
    executions: page.items.map((execution) => ({
      condition: conditionMessage(execution.condition),
      creationDate: timestampFromDate(execution.created),
      changeDate: timestampFromDate(execution.changed),
      targets: execution.targets,
    })),
  };
}

function conditionOf(
  condition: MessageShape<typeof ConditionSchema> | undefined,
): Condition {
  const type = condition?.conditionType;
  if (type?.case === "function") {
    const { name } = type.value;
    if ((FUNCTIONS as readonly string[]).includes(name)) {
      return { function: name };
    }
  } else if (type?.case === "event") {
    const { condition } = type.value;
    if (condition.case === "event") return { event: condition.value };
    if (condition.case === "group") return { eventGroup: condition.value };
    if (condition.case === "all") return { allEvents: true };
  }
  throw notFound("Execution condition is invalid", "COMMAND-cdy39t0ksr");
}

function conditionMessage(
  condition: Condition,
): MessageInitShape<typeof ConditionSchema> {
  if ("function" in condition) {
    const value = { name: condition.function };
    return { conditionType: { case: "function", value } };
  }
  const event = "event" in condition
    ? { case: "event", value: condition.event } as const
    : "eventGroup" in condition
    ? { case: "group", value: condition.eventGroup } as const
    : { case: "all", value: true } as const;
  return { conditionType: { case: "event", value: { condition: event } } };
}
