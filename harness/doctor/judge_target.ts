import type { Config } from "../../lib/config.ts";
import type { Target } from "../zitadel/target.ts";
import type { Facts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";
import { judgeClock, judgeTls } from "./judge_instance.ts";

/** A login that waits longer than this is taken for broken by people, in seconds. */
const LONG_TIMEOUT_SECONDS = 30;

const ACCESS_TOKEN = "function/preaccesstoken";
const FUNCTIONS = [
  ACCESS_TOKEN,
  "function/preuserinfo",
  "function/presamlresponse",
];
const METADATA_EVENTS = ["event/group/org.metadata", "event/group/org"];

/**
 * Judges the target, what it is bound to, and what answers at its endpoint.
 *
 * @param facts What is known.
 * @returns What was found.
 */
export function judgeTarget(facts: Facts): Finding[] {
  const { targets, executions } = facts;
  const config = facts.config.value;
  const findings: Finding[] = [];
  if (targets === undefined) {
    findings.push(
      finding(
        "admin",
        "note",
        "none is given: the target and its bindings were not looked at",
      ),
    );
  } else if (targets.problem !== undefined) {
    findings.push(finding("admin", "broken", targets.problem));
  } else if (config !== undefined) {
    const keys = config.signingKeys;
    const ours = targets.value.filter((it) => keys.includes(it.signingKey));
    if (ours.length === 0) {
      findings.push(
        finding(
          "target",
          "broken",
          `none of the ${targets.value.length} targets signs with a key of AUTHORIZATION_SIGNING_KEY`,
        ),
      );
    }
    for (const [index, key] of keys.entries()) {
      if (ours.length === 0 || ours.some((it) => it.signingKey === key)) {
        continue;
      }
      findings.push(
        finding(
          "spare_key",
          "note",
          `key ${index + 1} of ${keys.length} is that of no target`,
        ),
      );
    }
    for (const target of ours) findings.push(...judgeOne(target, config));
    if (executions?.problem !== undefined) {
      findings.push(finding("bound", "warning", executions.problem));
    } else if (executions && ours.length > 0) {
      findings.push(...judgeBindings(facts, ours));
    }
  }
  for (const { endpoint, result } of facts.canaries) {
    findings.push(judgeTls("the function", endpoint));
    findings.push(
      finding(
        "canary",
        result.accepted ? "ok" : "broken",
        result.accepted
          ? `${endpoint} accepts a signed call, in ${result.milliseconds} ms`
          : `${endpoint} does not accept a signed call: ${result.seen}`,
      ),
    );
    if (result.skewSeconds !== undefined) {
      findings.push(judgeClock("the function's", result.skewSeconds));
    }
  }
  if (facts.canaries.length === 0) {
    findings.push(
      finding(
        "canary",
        "note",
        "not called: its endpoint is not known; give it by --endpoint",
      ),
    );
  }
  return findings;
}

function judgeOne(target: Target, config: Config): Finding[] {
  const { name, endpoint, timeoutSeconds, kind, payloadType } = target;
  const findings = [
    finding(
      "target",
      "ok",
      `"${name}" calls ${endpoint}, timeout ${timeoutSeconds}s, payload ${payloadType}`,
    ),
  ];
  const add = (...it: Parameters<typeof finding>) =>
    findings.push(finding(...it));
  if (kind !== "call") {
    add(
      "answer",
      "broken",
      `"${name}" is of type ${kind}: its answer is ignored`,
    );
  }
  if (payloadType === "jwe" && config.payloadPrivateKey === undefined) {
    add(
      "payload_type",
      "broken",
      `"${name}" sends encrypted payloads, and PAYLOAD_PRIVATE_KEY is not set`,
    );
  }
  const upstreamSeconds = config.upstreamTimeoutMs / 1000;
  if (timeoutSeconds <= upstreamSeconds) {
    add(
      "timeout",
      "warning",
      `"${name}" is given ${timeoutSeconds}s, and the function itself waits up to ${upstreamSeconds}s for ZITADEL`,
    );
  } else if (timeoutSeconds > LONG_TIMEOUT_SECONDS) {
    add(
      "timeout",
      "warning",
      `"${name}" is given ${timeoutSeconds}s: so long a login may hang`,
    );
  }
  add(
    "interrupt",
    target.interruptOnError ? "note" : "ok",
    target.interruptOnError
      ? `on for "${name}"`
      : `off for "${name}": where the function fails, tokens come without permissions`,
  );
  return findings;
}

function judgeBindings(facts: Facts, ours: readonly Target[]): Finding[] {
  const executions = facts.executions?.value ?? [];
  const all = facts.targets?.value ?? [];
  const findings: Finding[] = [];
  const add = (...it: Parameters<typeof finding>) =>
    findings.push(finding(...it));
  const isOurs = (id: string) => ours.some((target) => target.id === id);
  const bound = executions.filter(({ targets }) => targets.some(isOurs));
  const functions = bound.map(({ condition }) => condition)
    .filter((condition) => FUNCTIONS.includes(condition));

  if (functions.length === 0) {
    add("bound", "broken", "the target is bound to no function");
  } else if (!functions.includes(ACCESS_TOKEN)) {
    add(
      "bound",
      "note",
      `only to ${functions.join(", ")}: access tokens get no permissions`,
    );
  } else {
    add("bound", "ok", functions.join(", "));
  }
  for (const { condition, targets } of bound) {
    if (!FUNCTIONS.includes(condition)) continue;
    const place = targets.findIndex(isOurs);
    for (const [index, id] of targets.entries()) {
      if (isOurs(id)) continue;
      const other = all.find((target) => target.id === id);
      const text = `"${other?.name ?? id}" on ${condition}`;
      if (index < place) add("bound_before", "note", text);
      else if (other === undefined || other.kind === "call") {
        add("bound_after", "warning", text);
      }
    }
  }
  const events = bound.some(({ condition }) =>
    METADATA_EVENTS.includes(condition)
  );
  add(
    "events",
    events ? "ok" : "note",
    events
      ? "changes of the mapping are told at once"
      : "the target is not told of changes of the mapping",
  );
  return findings;
}
