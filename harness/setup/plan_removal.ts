/**
 * `setup --remove`: takes away what `setup` made for a target, and names what
 * stays with the command that removes it.
 *
 * @module
 */
import { shellQuote } from "../cli/shell_quote.ts";
import { list, nameOf } from "../doctor/names.ts";
import { isPermissionList } from "../mapping/interpret_value.ts";
import { fixedOrganization } from "../mapping/mapping_organization.ts";
import { planMappingRemoval } from "../roles/plan_mapping.ts";
import { entryChanges } from "../roles/write_entries.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { removeCredential } from "../zitadel/issue_credential.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { listOrganizations, ownOrganization } from "../zitadel/organization.ts";
import { listServiceUsers, type ServiceUser } from "../zitadel/service_user.ts";
import { removeUser } from "../zitadel/user.ts";
import {
  type Change,
  change,
  type Place,
  type Planned,
} from "../plan/change.ts";
import type { SetupOptions } from "./command_line.ts";
import type { State } from "./plan.ts";
import { findMappedProjects } from "./role_projects.ts";
import { readServiceUsers, type ServiceUserState } from "./service_user.ts";
import type { Situation } from "./situation.ts";
import { findStandIn } from "./stand_in.ts";
import { removeTargetChanges, unbindChanges } from "./target_changes.ts";

/** Works out what `setup` made for the target, and what of it stays. */
export async function readRemoval(
  options: SetupOptions,
  situation: Situation,
): Promise<Planned & { readonly isIncomplete: boolean }> {
  const { place, state, rotation, serviceUser } = situation;
  const { targets, envKeys } = state;
  const { name } = options;
  const successor = rotation?.successor.name;
  const standIn = findStandIn(state, name)?.name;
  const names = [name, standIn, successor];
  const others = targets.filter((target) =>
    envKeys.includes(target.signingKey) && !names.includes(target.name)
  );
  const quoted = (them: readonly { readonly name: string }[]) =>
    them.map(({ name }) => `"${name}"`).join(", ");
  const user = planServiceUserRemoval(
    place,
    await readServiceUsers(place, serviceUser),
    others.length === 0
      ? undefined
      : `the env file also has the key of ${
        quoted(others)
      }; remove that first, then run this again`,
  );
  const { isLeft = false, ...entries } = options.roles === undefined
    ? { changes: [], notes: await readUntold(situation) }
    : await readEntries(options.roles, options.org, situation);
  const isMissing = !targets.some((it) => it.name === (successor ?? name));
  const here = targets.length > 0 ? `; targets here: ${quoted(targets)}` : "";
  return {
    changes: [
      ...planRemoval(place, state, names),
      ...user.changes,
      ...entries.changes,
    ],
    notes: [
      ...isMissing ? [`there is no target "${successor ?? name}"${here}`] : [],
      ...others.map(({ name }) =>
        `target "${name}" stays: \`deno task setup --remove --name ${
          shellQuote(name)
        }\` removes it`
      ),
      ...user.notes,
      ...entries.notes,
    ],
    isIncomplete: isLeft || others.length > 0 && user.changes.length === 0,
  };
}

/**
 * Works out what takes targets away again, also if a former removal was
 * interrupted. The bindings come first, so that nothing is called that no longer
 * exists.
 *
 * @param names The target's name; several during a rotation.
 * @returns The changes, in the order to make them.
 */
export function planRemoval(
  place: Place,
  state: State,
  names: readonly (string | undefined)[],
): Change[] {
  const targets = state.targets.filter(({ name }) => names.includes(name));
  const ids = targets.map(({ id }) => id);
  return [
    ...unbindChanges(place, state, ids),
    ...targets.flatMap((it) =>
      removeTargetChanges(place, it, state.envKeys.includes(it.signingKey))
    ),
  ];
}

/**
 * Finds the file's entries with an unchanged value: those of the organizations to
 * which `setup` writes if no other is named (the mapping's, the only one whose
 * projects have the roles, the token's own) are removed; any others, which may be
 * a customer's, are named.
 */
async function readEntries(
  roles: string,
  org: string | undefined,
  { place, state, mapping }: Situation,
): Promise<Planned & { readonly isLeft: boolean }> {
  const { instance, organization } = place;
  const plan = planMappingRemoval(state.metadata, mapping);
  const changes = entryChanges(place, plan);
  const left = [];
  const { id: own } = await ownOrganization(instance);
  const projects = await findMappedProjects(instance, [...mapping.keys()]);
  const owners = new Set(projects.map(({ owner }) => owner.id));
  const usual = owners.size === 1 ? owners.add(own) : new Set([own]);
  for (const other of await listOrganizations(instance)) {
    const { id } = other;
    if (id === organization) continue;
    const { entries } = await listMetadata(instance, id);
    const plan = planMappingRemoval(entries, mapping);
    if (plan.removed.length === 0) continue;
    if (usual.has(id) && org === undefined) {
      for (const it of entryChanges({ instance, organization: id }, plan)) {
        const lines = it.lines.map(({ sign, text }) => ({
          sign,
          text: `${text}, in ${nameOf(other)}`,
        }));
        changes.push({ ...it, lines });
      }
      continue;
    }
    const command = `deno task setup --remove --roles ${shellQuote(roles)}`;
    left.push(
      `${
        nameOf(other)
      } has such entries too: \`${command} --org ${id}\` removes them`,
    );
  }
  const notes = [...plan.notes, ...left];
  return { changes, notes, isLeft: left.length > 0 };
}

/** Without a file it is not known which entries `setup` wrote. */
async function readUntold(
  { place: { instance }, settings }: Situation,
): Promise<string[]> {
  const id = fixedOrganization(settings) ??
    (await ownOrganization(instance)).id;
  // What cannot be read must not keep the target bound.
  const { entries } = await listMetadata(instance, id)
    .catch(() => ({ entries: [] }));
  return entries.some(({ value }) => isPermissionList(value))
    ? [
      `the mapping stays in the metadata of the organization ${id}: --roles FILE removes the entries that the file has`,
    ]
    : [];
}

/**
 * Works out what removes the service users that `setup` created for the target, and
 * names those that stay.
 *
 * @param stays Why the user whose credential the env file holds is still needed.
 */
function planServiceUserRemoval(
  { instance, envFile }: Place,
  { ours, others, doubtful, credential }: ServiceUserState,
  stays?: string,
): Planned {
  const used = ours.find(({ id }) =>
    typeof credential === "object" && credential.id === id
  );
  const changes = ours.filter((it) => it !== used || stays === undefined)
    .flatMap((user) => [
      ...user === used
        ? [change(
          "drop-credential",
          `- the credential of "${user.name}" in ${envFile}`,
          () => removeCredential(envFile),
        )]
        : [],
      removeUserChange(instance, user),
    ]);
  const notes = [
    ...used && stays ? [`service user "${used.name}" stays: ${stays}`] : [],
    ...others.flatMap(describeOther),
  ];
  if (doubtful.length > 0) {
    // A mark alone must delete no user, and name no target to delete.
    const names = doubtful.map((user) =>
      `${nameOf(user)} of the organization ${user.organization}`
    );
    notes.push(
      `marked as created by setup, in organizations whose administrators could have written that, and left alone: ${
        list(names)
      }. Remove those that you know in the console (Users > Service Users)`,
    );
  }
  return { changes, notes };
}

/** Names the command that removes what `setup` created for another target. */
function describeOther({ id, name, createdFor }: ServiceUser): string[] {
  if (createdFor === undefined) return [];
  const [option, value] = createdFor === ""
    ? ["--service-user-name", name]
    : ["--name", createdFor];
  return [
    `service user "${name}" (${id}) stays: \`deno task setup --remove ${option} ${
      shellQuote(value)
    }\` removes it`,
  ];
}

function removeUserChange(
  instance: Instance,
  { id, name, organization }: ServiceUser,
): Change {
  const isGone = async () =>
    (await listServiceUsers(instance)).every((user) => user.id !== id);
  return change(
    "remove-user",
    `- service user "${name}" (${id}), with its roles and credentials`,
    async () => {
      await removeUser(instance, organization, id);
      await waitUntil(isGone, { what: "the service user is gone" });
    },
  );
}
