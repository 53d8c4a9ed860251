import type { Target } from "../zitadel/target.ts";
import type { Facts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";

export const ACCESS_TOKEN = "function/preaccesstoken";
const FUNCTIONS = [
  ACCESS_TOKEN,
  "function/preuserinfo",
  "function/presamlresponse",
];
const METADATA_EVENTS = ["event/group/org.metadata", "event/group/org"];

/** Judges what the function's targets are bound to, and what is beside them. */
export function judgeBindings(
  facts: Facts,
  ours: readonly Target[],
): Finding[] {
  const bound = (facts.executions?.value ?? []).filter(({ targets }) =>
    ours.some(({ id }) => targets.includes(id))
  );
  const conditions = bound.map(({ condition }) => condition);
  return [
    judgeFunctions(
      conditions.filter((condition) => FUNCTIONS.includes(condition)),
    ),
    ...judgeNeighbours(facts, ours),
    ...judgeEvents(facts, ours),
  ];
}

function judgeFunctions(functions: readonly string[]): Finding {
  if (functions.length === 0) {
    return finding("bound", "broken", "the target is bound to no function");
  }
  return functions.includes(ACCESS_TOKEN)
    ? finding("bound", "ok", functions.join(", "))
    : finding(
      "bound",
      "note",
      `only to ${functions.join(", ")}: access tokens get no permissions`,
    );
}

function judgeNeighbours(
  { executions, targets }: Facts,
  ours: readonly Target[],
): Finding[] {
  const findings: Finding[] = [];
  const isOurs = (id: string) => ours.some((target) => target.id === id);
  for (const { condition, targets: ids } of executions?.value ?? []) {
    const place = ids.findIndex(isOurs);
    if (place < 0 || !FUNCTIONS.includes(condition)) continue;
    for (const [index, id] of ids.entries()) {
      if (isOurs(id)) continue;
      const other = targets?.value?.find((target) => target.id === id);
      const text = `"${other?.name ?? id}" on ${condition}`;
      if (index < place) findings.push(finding("bound_before", "note", text));
      else if (other === undefined || other.kind === "call") {
        findings.push(finding("bound_after", "warning", text));
      }
    }
  }
  return findings;
}

function judgeEvents(
  { executions }: Facts,
  ours: readonly Target[],
): Finding[] {
  const bound = ours.filter(({ id }) =>
    (executions?.value ?? []).some(({ condition, targets }) =>
      METADATA_EVENTS.includes(condition) && targets.includes(id)
    )
  );
  const silent = bound.filter(({ payloadType }) => payloadType !== "json");
  if (bound.length > silent.length) {
    return [finding("events", "ok", "changes of the mapping arrive at once")];
  }
  return silent.length > 0
    ? silent.map(({ name, payloadType }) =>
      finding(
        "jwt_events",
        "warning",
        `"${name}" is bound to events with payload type ${payloadType.toUpperCase()}, and never gets one`,
      )
    )
    : [finding("events", "note", "the target gets no events of the mapping")];
}
