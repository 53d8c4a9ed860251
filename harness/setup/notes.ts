/**
 * What a plan leaves as it is, although it matters for the result.
 *
 * @module
 */
import { planMapping, planMappingRemoval } from "../roles/plan_mapping.ts";
import { SETTINGS } from "../../lib/config/settings.ts";
import type { State, Wish } from "./plan.ts";

/** Notes about a set-up. */
export function setupNotes(state: State, wish: Wish): string[] {
  const { mapping, prune = false } = wish;
  const entries = mapping.size > 0 || prune
    ? planMapping(state.metadata, mapping, { prune }).notes
    : [];
  return [
    ...entries,
    ...laterTargets(state, wish),
    ...sameEndpoint(state, wish),
    ...shortTimeout(state, wish),
  ];
}

/** Notes about a removal. */
export function removalNotes(
  state: State,
  { name, mapping }: Pick<Wish, "mapping"> & { readonly name: string },
): string[] {
  const { notes } = planMappingRemoval(state.metadata, mapping);
  if (state.targets.some((target) => target.name === name)) return [...notes];
  const names = state.targets.map(({ name }) => `"${name}"`).join(", ");
  return [
    `there is no target "${name}"${names ? `; targets here: ${names}` : ""}`,
    ...notes,
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
    name !== target?.name && endpoint === target?.endpoint
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
