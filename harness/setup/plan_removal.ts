/**
 * `setup --remove`: takes away what `setup` made for a target, and names what
 * stays with the command that removes it.
 *
 * @module
 */
import { shellQuote } from "../cli/shell_quote.ts";
import { nameOf } from "../doctor/names.ts";
import { fixedOrganization } from "../mapping/mapping_organization.ts";
import type { Mapping } from "../mapping/parse_roles.ts";
import { isPermissionList, planMappingRemoval } from "../roles/plan_mapping.ts";
import { entryChanges } from "../roles/write_entries.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { listOrganizations, ownOrganization } from "../zitadel/organization.ts";
import type { Change, Place } from "../plan/change.ts";
import type { SetupOptions } from "./command_line.ts";
import type { State } from "./plan.ts";
import { findMappedProjects } from "./role_projects.ts";
import type { Plan, Situation } from "./situation.ts";
import { planServiceUserRemoval } from "./remove_service_user.ts";
import { readServiceUsers } from "./service_user.ts";
import { findStandIn } from "./stand_in.ts";
import {
  deleteTargetChange,
  dropKeyChange,
  unbindChanges,
} from "./target_changes.ts";

/** Works out what `setup` made for the target, and what of it stays. */
export async function readRemoval(
  options: SetupOptions,
  { place, state, rotation, mapping, serviceUser, settings }: Situation,
): Promise<Pick<Plan, "changes" | "notes" | "isIncomplete">> {
  const { name } = options;
  const successor = rotation?.successor.name;
  const standIn = findStandIn(state, name)?.name;
  const names = [name, standIn, successor].filter((it) => it !== undefined);
  const others = state.targets.filter((target) =>
    state.envKeys.includes(target.signingKey) && !names.includes(target.name)
  );
  const user = planServiceUserRemoval(
    place,
    await readServiceUsers(place, serviceUser),
    others.length === 0
      ? undefined
      : `the env file also has the key of ${
        others.map(({ name }) => `"${name}"`).join(", ")
      }; remove that first, then run this again`,
  );
  const entries = options.roles === undefined
    ? { changes: [], notes: await readUntold(place, settings), isLeft: false }
    : await readEntries(options, { place, state, mapping });
  const changes = planRemoval(place, state, {
    names,
    others: [...user.changes, ...entries.changes],
  });
  return {
    changes,
    notes: [
      ...missingTarget(state, successor ?? name),
      ...others.map(({ name }) =>
        `target "${name}" stays: \`deno task setup --remove --name ${
          shellQuote(name)
        }\` removes it`
      ),
      ...user.left,
      ...entries.notes,
    ],
    isIncomplete: entries.isLeft ||
      others.length > 0 && user.changes.length === 0,
  };
}

/**
 * Works out what takes targets away again, also if a former removal was
 * interrupted. The bindings come first, so that nothing is called that no longer
 * exists; each target after its key, since it alone tells which key is its own.
 *
 * @returns The changes, in the order to make them.
 */
export function planRemoval(
  place: Place,
  state: State,
  { names, others = [] }: {
    /** The target's name; several during a rotation. */
    readonly names: readonly string[];
    /** The service user's and the mapping's. */
    readonly others?: readonly Change[];
  },
): Change[] {
  const targets = state.targets.filter(({ name }) => names.includes(name));
  const ids = targets.map(({ id }) => id);
  return [
    ...unbindChanges(place, state, { ids }),
    ...targets.flatMap((target) => [
      ...state.envKeys.includes(target.signingKey)
        ? [dropKeyChange(place, target)]
        : [],
      deleteTargetChange(place, target),
    ]),
    ...others,
  ];
}

function missingTarget({ targets }: State, name: string): string[] {
  if (targets.some((target) => target.name === name)) return [];
  const names = targets.map(({ name }) => `"${name}"`).join(", ");
  return [
    `there is no target "${name}"${names ? `; targets here: ${names}` : ""}`,
  ];
}

/**
 * Finds the file's entries with an unchanged value: those of the organizations to
 * which `setup` writes if no other is named (the mapping's, the only one whose
 * projects have the roles, the token's own) are removed; any others, which may be
 * a customer's, are named.
 */
async function readEntries(
  { roles, org }: SetupOptions,
  { place, state, mapping }: {
    readonly place: Place;
    readonly state: State;
    readonly mapping: Mapping;
  },
): Promise<{ changes: Change[]; notes: string[]; isLeft: boolean }> {
  const { instance, organization } = place;
  const plan = planMappingRemoval(state.metadata, mapping);
  const changes = entryChanges(place, plan);
  const left = [];
  const keys = [...mapping.keys()];
  const { id: own } = await ownOrganization(instance);
  const owners = new Set(
    (await findMappedProjects(instance, keys)).map(({ owner }) => owner.id),
  );
  const usual = owners.size === 1 ? [own, ...owners] : [own];
  for (const other of await listOrganizations(instance)) {
    const { id } = other;
    if (id === organization) continue;
    const { entries } = await listMetadata(instance, id);
    const plan = planMappingRemoval(entries, mapping);
    if (plan.removed.length === 0) continue;
    if (usual.includes(id) && org === undefined) {
      for (const it of entryChanges({ instance, organization: id }, plan)) {
        const lines = it.lines.map(({ sign, text }) => ({
          sign,
          text: `${text}, in ${nameOf(other)}`,
        }));
        changes.push({ ...it, lines });
      }
      continue;
    }
    const command = `deno task setup --remove --roles ${shellQuote(roles!)}`;
    left.push(
      `${
        nameOf(other)
      } has such entries too: \`${command} --org ${id}\` removes them`,
    );
  }
  return {
    changes,
    notes: [...plan.notes, ...left],
    isLeft: left.length > 0,
  };
}

/** Without a file it is not known which entries `setup` wrote. */
async function readUntold(
  { instance }: Place,
  settings: Situation["settings"],
): Promise<string[]> {
  const id = fixedOrganization(settings) ??
    (await ownOrganization(instance)).id;
  // What cannot be read must not keep the target bound.
  const { entries } = await listMetadata(instance, id)
    .catch(() => ({ entries: [] }));
  const keys = entries.filter(({ value }) => isPermissionList(value));
  return keys.length === 0 ? [] : [
    `the mapping stays in the metadata of the organization ${id}: --roles FILE removes the entries that the file has`,
  ];
}
