/**
 * Judges the targets that are the function's, and what they are bound to.
 *
 * @module
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import type { Config } from "../../lib/config/settings.ts";
import { shellQuote } from "../cli/shell_quote.ts";
import { listActivePublicKeys } from "../zitadel/public_key.ts";
import { DEFAULT_TARGET_NAME, type Target } from "../zitadel/target.ts";
import { findUnfinishedRotation } from "../zitadel/unfinished_rotation.ts";
import { accessTokenLifetime } from "../zitadel/token_lifetime.ts";
import { answer } from "./answer.ts";
import { CHECKS } from "./checks.ts";
import {
  ACCESS_TOKEN,
  conditionsOf,
  FUNCTIONS,
  functionsOf,
  likelyTarget,
  oursOf,
  type TargetFacts,
} from "./facts.ts";
import type { Report } from "./finding.ts";
import type { Facts } from "./gather.ts";
import { describeEnd, isSoon } from "./judge_instance.ts";
import { count } from "./names.ts";

/** A login that waits longer than this is taken for broken by people, in seconds. */
const LONG_TIMEOUT_SECONDS = 30;

const FIX_OF_PUBLIC_KEY =
  "set PAYLOAD_PRIVATE_KEY to a JWK set of both private keys, restart the function, then add the new public key and activate it (console: Actions > Targets)";

const METADATA_EVENTS = ["event/group/org.metadata", "event/group/org"];

/** The events are bound already. */
const FIX_WITH_EVENTS =
  "shorten the access token's lifetime (console: Default settings > OIDC token lifetimes); for a decision that must hold at once, ask by introspection";

export async function judgeTargets(facts: Facts, report: Report) {
  const { targets, config } = facts;
  if (targets === undefined) {
    const seen =
      "no token is given: the target and its bindings were not looked at";
    return report("admin", "note", seen);
  }
  if (targets.problem) return report("admin", "broken", targets.problem);
  if (config.value === undefined) return;
  judgeRotation(facts, report);
  judgeKeys(facts, config.value, report);
  for (const target of oursOf(facts)) {
    judgeTarget(target, config.value, report);
    await judgePayloadKey(facts, target, report);
  }
}

/** Judges what is bound: after the function, since setup binds only one that answers. */
export function judgeBindings(facts: Facts, report: Report): void {
  if (!facts.executions?.value || oursOf(facts).length === 0) return;
  judgeFunctions(facts, report);
  judgeNeighbours(facts, report);
  judgeEvents(facts, report);
}

/** Whether changes of the mapping arrive as events, which need JSON payloads. */
export function getsEvents(facts: TargetFacts): boolean {
  return boundToEvents(facts).some((it) => it.payloadType === "json");
}

function boundToEvents(facts: TargetFacts): Target[] {
  return oursOf(facts).filter((target) =>
    conditionsOf(facts, [target]).some((it) => METADATA_EVENTS.includes(it))
  );
}

/** A rotation that was begun and not finished. */
export function rotationOf({ targets, executions, config }: TargetFacts) {
  return targets?.value && executions?.value && findUnfinishedRotation({
    targets: targets.value,
    executions: executions.value,
    envKeys: config.value?.signingKeys ?? [],
  });
}

function judgeRotation(facts: Facts, report: Report): void {
  const rotation = rotationOf(facts);
  if (rotation === undefined) return;
  const { name } = rotation;
  const option = name === DEFAULT_TARGET_NAME
    ? ""
    : ` --name ${shellQuote(name)}`;
  report("rotation", "warning", `not finished for "${name}"`, {
    fix:
      `deno task rotate${option}\nand keep both keys in AUTHORIZATION_SIGNING_KEY until it is done`,
  });
}

function judgeKeys(facts: Facts, config: Config, report: Report): void {
  const { signingKeys } = config;
  const ours = oursOf(facts);
  const all = facts.targets?.value ?? [];
  if (ours.length === 0) {
    const targets = count(all.length, "target");
    const seen = all.length === 0
      ? "the instance has no target"
      : `none of ${targets} signs with a key of AUTHORIZATION_SIGNING_KEY`;
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

function judgeTarget(target: Target, config: Config, report: Report): void {
  const { payloadPrivateKey, upstreamTimeoutMs } = config;
  const { endpoint, timeoutSeconds, kind, payloadType } = target;
  const name = `"${target.name}"`;
  const upstreamSeconds = upstreamTimeoutMs / 1000;
  const calls =
    `${name} calls ${endpoint}, timeout ${timeoutSeconds} s, payload ${payloadType}`;
  report("target", "ok", calls);
  if (timeoutSeconds <= upstreamSeconds) {
    const seen =
      `${name} is given ${timeoutSeconds} s, and the function itself waits up to ${upstreamSeconds} s for ZITADEL (UPSTREAM_TIMEOUT_MS)`;
    report("timeout", "warning", seen);
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
  if (target.interruptOnError) {
    report("interrupt", "note", `interruptOnError is on for ${name}`);
  } else {
    const seen =
      `interruptOnError is off for ${name}: if the function fails, tokens come without permissions`;
    report("interrupt", "ok", seen);
  }
}

/** Judges for which key a target's payloads are encrypted. */
async function judgePayloadKey(facts: Facts, target: Target, report: Report) {
  const { owner, now, config } = facts;
  const { id, name, payloadType } = target;
  const payloadPrivateKey = config.value?.payloadPrivateKey;
  if (payloadType !== "jwe" || !owner) return;
  const keys = await answer(() => listActivePublicKeys(owner, id));
  if (keys.problem) return report("not_checked", "warning", keys.problem);
  for (const { expiresAt } of keys.value) {
    if (expiresAt === undefined || !isSoon(expiresAt, now)) continue;
    const end = describeEnd(expiresAt, now);
    const seen = `the active public key of "${name}" ${end}`;
    report("payload_key", "warning", seen, { fix: FIX_OF_PUBLIC_KEY });
  }
  if (keys.value.length === 0) {
    const seen =
      `"${name}" has no active public key that has not expired, and is not called`;
    report("payload_key", "broken", seen);
  } else if (payloadPrivateKey !== undefined) {
    const isOurs = keys.value.every(({ pem }) =>
      opensPayloads(payloadPrivateKey, pem)
    );
    const seen = isOurs
      ? `PAYLOAD_PRIVATE_KEY opens what "${name}" sends`
      : `the active public key of "${name}" is that of no key in PAYLOAD_PRIVATE_KEY`;
    report("payload_key", isOurs ? "ok" : "broken", seen);
  }
}

/** Reports whether a key in PAYLOAD_PRIVATE_KEY, which was read before, opens what is encrypted for a public key. */
function opensPayloads(privateKeys: string, publicKey: string): boolean {
  const pems = privateKeys.replaceAll("\\n", "\n")
    .match(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g);
  const json = pems ? undefined : JSON.parse(privateKeys);
  const keys: KeyObject[] = pems?.map((pem) => createPublicKey(pem)) ??
    (json.keys ?? [json]).map((key: JsonWebKey) =>
      createPublicKey({ key, format: "jwk" })
    );
  const wanted = createPublicKey(publicKey);
  return keys.some((key) => key.equals(wanted));
}

function judgeFunctions(facts: Facts, report: Report): void {
  const functions = functionsOf(facts, oursOf(facts));
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
  const silent = boundToEvents(facts);
  if (silent.length === 0) {
    report("events", "note", "the target gets no events of the mapping");
  }
  for (const { name, payloadType } of silent) {
    const type = payloadType.toUpperCase();
    const seen =
      `"${name}" is bound to events with payload type ${type}, and never gets one`;
    report("jwt_events", "warning", seen);
  }
}

/** States how long a permission that was taken away can live on. */
export async function judgeRevocation(facts: Facts, report: Report) {
  const { owner, config } = facts;
  if (config.value === undefined || !owner) return;
  const { value: seconds } = await answer(() => accessTokenLifetime(owner));
  if (seconds === undefined) return;
  const cacheSeconds = (config.value.freshMs + config.value.staleMs) / 1000;
  const token = duration(seconds);
  const worst = duration(seconds + cacheSeconds);
  if (getsEvents(facts)) {
    const seen =
      `takes effect in new tokens at once, and in all after ${token}, the lifetime of an access token (${worst} if an event is lost)`;
    return report("revocation", "note", seen, { fix: FIX_WITH_EVENTS });
  }
  const cache = duration(cacheSeconds);
  const seen =
    `takes effect in all tokens after at most ${worst}: ${token}, the lifetime of an access token, and ${cache} of CACHE_FRESH_SECONDS and CACHE_STALE_SECONDS`;
  report("revocation", "note", seen);
}

function duration(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds % 3600 / 60), "min"],
    [Math.round(seconds % 60), "s"],
  ];
  return parts.filter(([number]) => number > 0)
    .map(([number, unit]) => `${number} ${unit}`).join(" ") || "0 s";
}
