import { planMapping } from "../roles/plan_mapping.ts";
import { SETTINGS } from "../../lib/config/settings.ts";
import type { State, Wish } from "./plan.ts";
import type { TargetSettings } from "../zitadel/target.ts";
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
    ...wish.target ? targetNotes(state, wish, wish.target) : [],
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
  const fresh = numberOf(env, "CACHE_FRESH_SECONDS");
  return [
    `the function holds the mapping that it read before: tokens follow after ${fresh} s as a rule, and ${
      fresh + numberOf(env, "CACHE_STALE_SECONDS")
    } s at most (CACHE_FRESH_SECONDS and CACHE_STALE_SECONDS); with \`deno task setup --also events\` in about a second`,
  ];
}

function numberOf(
  env: State["env"],
  name: "CACHE_FRESH_SECONDS" | "CACHE_STALE_SECONDS" | "UPSTREAM_TIMEOUT_MS",
): number {
  return Number(env[name] || SETTINGS[name].default);
}

function targetNotes(
  { targets, executions, env }: State,
  { conditions }: Wish,
  { name, endpoint, timeoutSeconds }: TargetSettings,
): string[] {
  const { id = "" } = targets.find((it) => it.name === name) ?? {};
  const notes: string[] = [];
  for (const { condition, targets: bound } of executions) {
    const place = bound.indexOf(id);
    const isFunction = condition.startsWith("function/");
    if (place < 0 || !isFunction || !conditions.includes(condition)) continue;
    const after = bound.slice(place + 1);
    const later = targets.filter((it) =>
      after.includes(it.id) && it.kind === "call"
    ).map(({ name }) => `"${name}"`);
    if (later.length === 0) continue;
    notes.push(
      `${condition} calls ${
        later.join(", ")
      } after "${name}": if it answers with append_claims, that replaces these permissions. To change the order, bind again in the console (Actions V2)`,
    );
  }
  for (const it of targets) {
    if (it.endpoint !== endpoint) continue;
    if ([name, standInName(name)].includes(it.name)) continue;
    notes.push(
      `the target "${it.name}" has the same endpoint: the function needs the keys of both`,
    );
  }
  // ZITADEL must not give up before the function does: it would see no reason.
  const waited = numberOf(env, "UPSTREAM_TIMEOUT_MS");
  if (1_000 * timeoutSeconds <= waited) {
    notes.push(
      `the target's timeout of ${timeoutSeconds} s is not above UPSTREAM_TIMEOUT_MS (${waited}): ZITADEL gives up before the function can answer. Raise --timeout, or lower UPSTREAM_TIMEOUT_MS`,
    );
  }
  return notes;
}
