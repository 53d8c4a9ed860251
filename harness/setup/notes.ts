import { planMapping } from "../roles/plan_mapping.ts";
import { SETTINGS } from "../../lib/config/settings.ts";
import type { State, Wish } from "./plan.ts";
import { standInName } from "./stand_in.ts";

/** Conditions by which a target learns of a changed mapping. */
const METADATA_EVENTS = ["event/group/org.metadata", "event/group/org"];

/** Names what a plan leaves as it is, although it matters for the result. */
export function setupNotes(state: State, wish: Wish): string[] {
  const { mapping, prune } = wish;
  const entries = mapping.size > 0 || prune
    ? planMapping(state.metadata, mapping, { prune })
    : { set: [], removed: [], notes: [] };
  const isChanged = entries.set.length + entries.removed.length > 0;
  return [
    ...entries.notes,
    ...isChanged ? heldMapping(state, wish) : [],
    ...laterTargets(state, wish),
    ...sameEndpoint(state, wish),
    ...shortTimeout(state, wish),
  ];
}

/** Without events the function serves what it read before for a while. */
function heldMapping(
  { targets, executions, env }: State,
  { name, conditions }: Wish,
): string[] {
  const ours = targets.find((target) => target.name === name);
  const calls = executions.filter(({ targets }) =>
    ours !== undefined && targets.includes(ours.id)
  ).map(({ condition }) => condition);
  const getsEvents =
    [...calls, ...conditions].some((it) => METADATA_EVENTS.includes(it)) &&
    ours?.payloadType === "json";
  const isCalled = calls.some((condition) => condition.startsWith("function/"));
  if (!isCalled || getsEvents) return [];
  const [fresh, stale] =
    (["CACHE_FRESH_SECONDS", "CACHE_STALE_SECONDS"] as const)
      .map((name) => Number(env[name] || SETTINGS[name].default));
  return [
    `the function holds the mapping that it read before: tokens follow after ${fresh} s as a rule, and ${
      fresh! + stale!
    } s at most (CACHE_FRESH_SECONDS and CACHE_STALE_SECONDS); with \`deno task setup --also events\` in about a second`,
  ];
}

/** A later target that answers with claims replaces those of the former ones. */
function laterTargets(state: State, { target, conditions }: Wish): string[] {
  const ours = state.targets.find(({ name }) => name === target?.name);
  if (ours === undefined) return [];
  return state.executions.flatMap(({ condition, targets }) => {
    const place = targets.indexOf(ours.id);
    if (place < 0 || !condition.startsWith("function/")) return [];
    if (!conditions.includes(condition)) return [];
    const later = targets.slice(place + 1).flatMap((id) => {
      const other = state.targets.find((target) => target.id === id);
      return other?.kind === "call" ? [`"${other.name}"`] : [];
    });
    return later.length === 0 ? [] : [
      `${condition} calls ${
        later.join(", ")
      } after "${ours.name}": if it answers with append_claims, that replaces these permissions. To change the order, bind again in the console (Actions V2)`,
    ];
  });
}

function sameEndpoint(state: State, { target }: Wish): string[] {
  const others = state.targets.filter(({ name, endpoint }) =>
    endpoint === target?.endpoint &&
    name !== target?.name && name !== standInName(target?.name ?? "")
  );
  return others.map(({ name }) =>
    `the target "${name}" has the same endpoint: the function needs the keys of both`
  );
}

/** ZITADEL must not give up before the function does: it would see no reason. */
function shortTimeout(
  { env }: State,
  { target }: Wish,
): string[] {
  const waited = Number(
    env.UPSTREAM_TIMEOUT_MS || SETTINGS.UPSTREAM_TIMEOUT_MS.default,
  );
  if (!target || 1_000 * target.timeoutSeconds > waited) return [];
  return [
    `the target's timeout of ${target.timeoutSeconds} s is not above UPSTREAM_TIMEOUT_MS (${waited}): ZITADEL gives up before the function can answer. Raise --timeout, or lower UPSTREAM_TIMEOUT_MS`,
  ];
}
