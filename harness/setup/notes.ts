import { SETTINGS } from "../../lib/config/settings.ts";
import type { State, Wish } from "./plan.ts";
import { standInName } from "./stand_in.ts";

/** Conditions by which a target learns of a changed mapping. */
const METADATA_EVENTS = ["event/group/org.metadata", "event/group/org"];

/**
 * Names what a plan leaves as it is, although it matters for the result. What is wrong
 * with a target or its neighbours, `deno task doctor` says.
 */
export function setupNotes(state: State, wish: Wish): string[] {
  const { entries } = wish;
  const isChanged = entries.set.length + entries.removed.length > 0;
  return [
    ...entries.notes,
    ...isChanged ? heldMapping(state, wish) : [],
    ...state.targets.flatMap(({ name, endpoint }) =>
      endpoint !== wish.target?.endpoint ||
        [wish.target.name, standInName(wish.target.name)].includes(name)
        ? []
        : `the target "${name}" has the same endpoint: the function needs the keys of both`
    ),
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
  name: "CACHE_FRESH_SECONDS" | "CACHE_STALE_SECONDS",
): number {
  return Number(env[name] || SETTINGS[name].default);
}
