import { shellQuote } from "../cli/shell_quote.ts";
import { list, nameOf } from "../doctor/names.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { removeCredential } from "../zitadel/issue_credential.ts";
import { listServiceUsers, type ServiceUser } from "../zitadel/service_user.ts";
import { removeUser } from "../zitadel/user.ts";
import { type Change, change, ofOwner, type Planned } from "../plan/change.ts";
import type { ServiceUserPlace, ServiceUserState } from "./service_user.ts";

/**
 * Works out what removes the service users that `setup` created for the target, and
 * names those that stay.
 *
 * @param stays Why the user whose credential the env file holds is still needed.
 */
export function planServiceUserRemoval(
  { instance, envFile }: ServiceUserPlace,
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
    { needs: ofOwner("user.write", "remove the service user") },
  );
}
