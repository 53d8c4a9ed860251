/**
 * Judges the targets that are the function's, and what they are bound to.
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import type { RotationState } from "../zitadel/unfinished_rotation.ts";
import { DEFAULT_TARGET_NAME, type Target } from "../zitadel/target.ts";
import { CHECKS } from "./checks.ts";
import type { Facts } from "./facts.ts";
import type { Report } from "./finding.ts";
import { describeEnd, isSoon } from "./judge_instance.ts";
import { count } from "./names.ts";
import { opensPayloads } from "./payload_keys.ts";

/** A login that waits longer than this is taken for broken by people, in seconds. */
const LONG_TIMEOUT_SECONDS = 30;

const FIX_OF_PUBLIC_KEY =
  "set PAYLOAD_PRIVATE_KEY to a JWK set of both private keys, restart the function, then add the new public key and activate it (console: Actions > Targets)";

export const ACCESS_TOKEN = "function/preaccesstoken";
export const FUNCTIONS = [
  ACCESS_TOKEN,
  "function/preuserinfo",
  "function/presamlresponse",
];
const METADATA_EVENTS = ["event/group/org.metadata", "event/group/org"];

const ROTATION_STATES: Readonly<Record<RotationState, string>> = {
  created: "the second target exists, and the settings lack its key",
  key_added: "both keys are in the settings, and ZITADEL uses the old one",
  swapping:
    "some bindings call the new target and some the old one: both keys are in use",
  swapped: "ZITADEL uses the new key, and the old target is still there",
  key_dropped: "ZITADEL uses the new key, and the old target is still there",
  deleted: "the new target has not the old one's name yet",
};

export function judgeTargets(facts: Facts, report: Report): void {
  const { targets, config } = facts;
  if (targets === undefined) {
    const seen =
      "none is given: the target and its bindings were not looked at";
    return report("admin", "note", seen);
  }
  if (targets.problem) return report("admin", "broken", targets.problem);
  if (config.value === undefined) return;
  judgeRotation(facts, report);
  judgeKeys(facts, config.value, report);
  for (const target of oursOf(facts)) {
    judgeTarget(target, config.value, report);
    judgePayloadKey(facts, target, report);
  }
}

/** Judges what is bound: after the function, since setup binds only one that answers. */
export function judgeBindings(facts: Facts, report: Report): void {
  const { targets, executions, config } = facts;
  if (!targets?.value || !config.value) return;
  if (executions?.problem) {
    report("not_checked", "warning", executions.problem);
  } else if (oursOf(facts).length > 0) {
    judgeFunctions(facts, report);
    judgeNeighbours(facts, report);
    judgeEvents(facts, report);
  }
}

/** The targets that sign with a key of the function. */
export function oursOf(
  { config, targets }: Pick<Facts, "config" | "targets">,
): Target[] {
  const keys = config.value?.signingKeys ?? [];
  return (targets?.value ?? []).filter((it) => keys.includes(it.signingKey));
}

/** The conditions that call one of the targets. */
export function conditionsOf(
  { executions }: Pick<Facts, "executions">,
  targets: readonly Target[],
): string[] {
  return (executions?.value ?? []).filter((execution) =>
    targets.some(({ id }) => execution.targets.includes(id))
  ).map(({ condition }) => condition);
}

/** The target that is probably the function's, whatever its key: the one of the default name, or the only one that is called. */
export function likelyTarget(
  { targets, executions }: Pick<Facts, "targets" | "executions">,
): Target | undefined {
  const all = targets?.value ?? [];
  const named = all.filter(({ name }) => name === DEFAULT_TARGET_NAME);
  const called = all.filter((it) =>
    conditionsOf({ executions }, [it]).some((it) => FUNCTIONS.includes(it))
  );
  return [named, called].find(({ length }) => length === 1)?.[0];
}

/** Whether changes of the mapping arrive as events, which need JSON payloads. */
export function getsEvents(facts: Facts): boolean {
  const readable = oursOf(facts).filter((it) => it.payloadType === "json");
  return conditionsOf(facts, readable).some(isMetadataEvent);
}

function isMetadataEvent(condition: string): boolean {
  return METADATA_EVENTS.includes(condition);
}

/** Reports a rotation that was begun and not finished. */
function judgeRotation({ rotation }: Facts, report: Report): void {
  if (rotation === undefined) return;
  const { name, state } = rotation;
  const option = name === DEFAULT_TARGET_NAME
    ? ""
    : ` --name '${name.replaceAll("'", `'\\''`)}'`;
  const seen = `not finished for "${name}": ${ROTATION_STATES[state]}`;
  report("rotation", "warning", seen, {
    fix:
      `deno task rotate${option}\nand keep both keys in AUTHORIZATION_SIGNING_KEY until it is done`,
  });
}

function judgeKeys(
  facts: Facts,
  { signingKeys }: Config,
  report: Report,
): void {
  const ours = oursOf(facts);
  const all = facts.targets?.value ?? [];
  if (ours.length === 0) {
    const seen = all.length === 0
      ? "the instance has no target"
      : `none of ${
        count(all.length, "target")
      } signs with a key of AUTHORIZATION_SIGNING_KEY`;
    const likely = likelyTarget(facts);
    const fix = likely &&
      `deno task setup --force\nif "${likely.name}" is the function's target; then restart the function`;
    const why = likely?.interruptOnError
      ? `${CHECKS.target.why}; interruptOnError is on, so every login fails then`
      : undefined;
    return report("target", "broken", seen, { fix, why });
  }
  for (const [index, key] of signingKeys.entries()) {
    if (ours.some(({ signingKey }) => signingKey === key)) continue;
    const which = `key ${index + 1} of ${signingKeys.length}`;
    report("spare_key", "note", `${which} is that of no target`);
  }
}

function judgeTarget(
  target: Target,
  { payloadPrivateKey, upstreamTimeoutMs }: Config,
  report: Report,
): void {
  const { endpoint, timeoutSeconds, kind, payloadType } = target;
  const name = `"${target.name}"`;
  const upstreamSeconds = upstreamTimeoutMs / 1000;
  report(
    "target",
    "ok",
    `${name} calls ${endpoint}, timeout ${timeoutSeconds} s, payload ${payloadType}`,
  );
  if (timeoutSeconds <= upstreamSeconds) {
    report(
      "timeout",
      "warning",
      `${name} is given ${timeoutSeconds} s, and the function itself waits up to ${upstreamSeconds} s for ZITADEL (UPSTREAM_TIMEOUT_MS)`,
    );
  } else if (timeoutSeconds > LONG_TIMEOUT_SECONDS) {
    const seen =
      `${name} is given ${timeoutSeconds} s: so long a login may hang`;
    report("timeout", "warning", seen);
  }
  if (kind !== "call") {
    const seen = `${name} is of type ${kind}: its answer is ignored`;
    report("answer", "broken", seen);
  }
  if (payloadType === "jwe" && payloadPrivateKey === undefined) {
    const seen =
      `${name} sends encrypted payloads, and PAYLOAD_PRIVATE_KEY is not set`;
    report("payload_type", "broken", seen);
  }
  if (target.interruptOnError) report("interrupt", "note", `on for ${name}`);
  else {
    const seen =
      `off for ${name}: if the function fails, tokens come without permissions`;
    report("interrupt", "ok", seen);
  }
}

/** Judges for which key a target's payloads are encrypted. */
function judgePayloadKey(
  { publicKeys, config, now }: Facts,
  { id, name }: Target,
  report: Report,
): void {
  const keys = publicKeys.get(id);
  if (keys === undefined) return;
  if (keys.problem) return report("not_checked", "warning", keys.problem);
  const privateKeys = config.value?.payloadPrivateKey;
  for (const { expiresAt } of keys.value) {
    if (expiresAt === undefined || !isSoon(expiresAt, now)) continue;
    const seen = `the active public key of "${name}" ${
      describeEnd(expiresAt, now)
    }`;
    report("payload_key", "warning", seen, { fix: FIX_OF_PUBLIC_KEY });
  }
  if (keys.value.length === 0) {
    const seen =
      `"${name}" has no active public key that has not expired, and is not called`;
    report("payload_key", "broken", seen);
  } else if (privateKeys !== undefined) {
    const isOurs = keys.value.every(({ pem }) =>
      opensPayloads(privateKeys, pem)
    );
    const seen = isOurs
      ? `PAYLOAD_PRIVATE_KEY opens what "${name}" sends`
      : `the active public key of "${name}" is that of no key in PAYLOAD_PRIVATE_KEY`;
    report("payload_key", isOurs ? "ok" : "broken", seen);
  }
}

function judgeFunctions(facts: Facts, report: Report): void {
  const functions = conditionsOf(facts, oursOf(facts))
    .filter((condition) => FUNCTIONS.includes(condition));
  const names = functions.join(", ");
  if (functions.includes(ACCESS_TOKEN)) report("bound", "ok", names);
  else if (functions.length > 0) {
    const seen = `only to ${names}: access tokens get no permissions`;
    report("bound", "note", seen);
  } else report("bound", "broken", "the target is bound to no function");
}

function judgeNeighbours(facts: Facts, report: Report): void {
  const { executions, targets } = facts;
  const ours = new Set(oursOf(facts).map(({ id }) => id));
  for (const { condition, targets: ids } of executions?.value ?? []) {
    const place = ids.findIndex((id) => ours.has(id));
    if (place < 0 || !FUNCTIONS.includes(condition)) continue;
    for (const [index, id] of ids.entries()) {
      if (ours.has(id)) continue;
      const other = targets?.value?.find((target) => target.id === id);
      const seen = `"${other?.name ?? id}" on ${condition}`;
      if (index < place) report("bound_before", "note", seen);
      else if (other === undefined || other.kind === "call") {
        report("bound_after", "warning", seen);
      }
    }
  }
}

function judgeEvents(facts: Facts, report: Report): void {
  if (getsEvents(facts)) {
    return report("events", "ok", "changes of the mapping arrive at once");
  }
  const silent = oursOf(facts).filter((target) =>
    conditionsOf(facts, [target]).some(isMetadataEvent)
  );
  if (silent.length === 0) {
    report("events", "note", "the target gets no events of the mapping");
  }
  for (const { name, payloadType } of silent) {
    report(
      "jwt_events",
      "warning",
      `"${name}" is bound to events with payload type ${payloadType.toUpperCase()}, and never gets one`,
    );
  }
}
