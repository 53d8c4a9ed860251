import { shellQuote } from "../cli/shell_quote.ts";
import { list, nameOf } from "../doctor/names.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { removeCredential } from "../zitadel/issue_credential.ts";
import { listServiceUsers, type ServiceUser } from "../zitadel/service_user.ts";
import { removeUser } from "../zitadel/user.ts";
import { type Change, change, ofOwner } from "../plan/change.ts";
import type { ServiceUserPlace, ServiceUserState } from "./service_user.ts";

/**
 * Works out what removes the service users that `setup` created for the target.
 *
 * @param stays Why the user whose credential the env file holds is still needed.
 */
export function planServiceUserRemoval(
  { instance, envFile }: ServiceUserPlace,
  { ours, others, doubtful, credential }: ServiceUserState,
  stays?: string,
): { readonly changes: Change[]; readonly left: string[] } {
  const used = ours.find(({ id }) =>
    typeof credential === "object" && credential.id === id
  );
  const removed = stays === undefined ? ours : ours.filter((it) => it !== used);
  return {
    changes: [
      ...used && stays === undefined
        ? [dropCredentialChange(envFile, used)]
        : [],
      ...removed.map((user) => removeUserChange(instance, user)),
    ],
    left: [
      ...used && stays ? [`service user "${used.name}" stays: ${stays}`] : [],
      ...others.flatMap(describeOther),
      ...describeDoubtful(doubtful),
    ],
  };
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

/** A mark alone must delete no user, and name no target to delete. */
function describeDoubtful(users: readonly ServiceUser[]): string[] {
  if (users.length === 0) return [];
  const names = users.map((user) =>
    `${nameOf(user)} of the organization ${user.organization}`
  );
  return [
    `marked as created by setup, in organizations whose administrators could have written that, and left alone: ${
      list(names)
    }. Remove those that you know in the console (Users > Service Users)`,
  ];
}

function dropCredentialChange(envFile: string, { name }: ServiceUser): Change {
  const line = `- the credential of "${name}" in ${envFile}` as const;
  return change("drop-credential", line, () => removeCredential(envFile));
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
    { needs: ofOwner("user.write", "remove the service user") },
  );
}
