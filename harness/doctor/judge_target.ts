import type { Config } from "../../lib/config/settings.ts";
import { DEFAULT_TARGET_NAME, type Target } from "../zitadel/target.ts";
import type { Facts } from "./facts.ts";
import { type Finding, finding, problemFinding } from "./finding.ts";
import { judgeBindings } from "./judge_bindings.ts";
import { describeRotation } from "./judge_rotation.ts";
import { count } from "./names.ts";

/** A login that waits longer than this is taken for broken by people, in seconds. */
const LONG_TIMEOUT_SECONDS = 30;

/** Writes the key of the target that there is. */
const FIX_OF_KEY = "deno task setup --force\nthen restart the function";

/** Judges the targets that are the function's, and what they are bound to. */
export function judgeTargets(facts: Facts): Finding[] {
  const { targets, executions } = facts;
  const config = facts.config.value;
  if (targets === undefined) {
    const seen =
      "none is given: the target and its bindings were not looked at";
    return [finding("admin", "note", seen)];
  }
  if (targets.problem) {
    return [problemFinding("admin", "broken", targets.problem)];
  }
  if (config === undefined) return [];
  const ours = oursOf(facts);
  const findings = [
    ...describeRotation(facts),
    ...judgeKeys(facts, config),
    ...ours.flatMap((target) => judgeOne(target, config)),
  ];
  if (executions?.problem) {
    findings.push(problemFinding("not_checked", "warning", executions.problem));
  } else if (ours.length > 0) {
    findings.push(...judgeBindings(facts, ours));
  }
  return findings;
}

/** The targets that sign with a key of the function. */
export function oursOf(
  { config, targets }: Pick<Facts, "config" | "targets">,
): Target[] {
  const keys = config.value?.signingKeys ?? [];
  return (targets?.value ?? []).filter((it) => keys.includes(it.signingKey));
}

/** The target that `setup` takes for the function's without `--name`. */
export function defaultTarget(targets: readonly Target[]): Target | undefined {
  const [only, ...others] = targets.filter(({ name }) =>
    name === DEFAULT_TARGET_NAME
  );
  return others.length === 0 ? only : undefined;
}

function judgeKeys(facts: Facts, { signingKeys }: Config): Finding[] {
  const ours = oursOf(facts);
  const all = facts.targets?.value ?? [];
  if (ours.length === 0) {
    return [
      finding(
        "target",
        "broken",
        all.length === 0
          ? "the instance has no target"
          : `none of ${
            count(all.length, "target")
          } signs with a key of AUTHORIZATION_SIGNING_KEY`,
        { fix: defaultTarget(all) && FIX_OF_KEY },
      ),
    ];
  }
  return signingKeys.flatMap((key, index) =>
    ours.some(({ signingKey }) => signingKey === key) ? [] : [
      finding(
        "spare_key",
        "note",
        `key ${index + 1} of ${signingKeys.length} is that of no target`,
      ),
    ]
  );
}

function judgeOne(target: Target, config: Config): Finding[] {
  const { name, endpoint, timeoutSeconds, kind, payloadType } = target;
  const findings = [
    finding(
      "target",
      "ok",
      `"${name}" calls ${endpoint}, timeout ${timeoutSeconds} s, payload ${payloadType}`,
    ),
    ...judgeTimeout(target, config),
  ];
  const add = (...it: Parameters<typeof finding>) =>
    findings.push(finding(...it));
  if (kind !== "call") {
    const seen = `"${name}" is of type ${kind}: its answer is ignored`;
    add("answer", "broken", seen);
  }
  if (payloadType === "jwe" && config.payloadPrivateKey === undefined) {
    add(
      "payload_type",
      "broken",
      `"${name}" sends encrypted payloads, and PAYLOAD_PRIVATE_KEY is not set`,
    );
  }
  add(
    "interrupt",
    target.interruptOnError ? "note" : "ok",
    target.interruptOnError
      ? `on for "${name}"`
      : `off for "${name}": if the function fails, tokens come without permissions`,
  );
  return findings;
}

function judgeTimeout(
  { name, timeoutSeconds }: Target,
  { upstreamTimeoutMs }: Config,
): Finding[] {
  const upstreamSeconds = upstreamTimeoutMs / 1000;
  if (timeoutSeconds <= upstreamSeconds) {
    return [
      finding(
        "timeout",
        "warning",
        `"${name}" is given ${timeoutSeconds} s, and the function itself waits up to ${upstreamSeconds} s for ZITADEL (UPSTREAM_TIMEOUT_MS)`,
      ),
    ];
  }
  return timeoutSeconds > LONG_TIMEOUT_SECONDS
    ? [
      finding(
        "timeout",
        "warning",
        `"${name}" is given ${timeoutSeconds} s: so long a login may hang`,
      ),
    ]
    : [];
}
