import type { CredentialKind } from "../zitadel/credential.ts";
import type { FoundUser, ReaderRole } from "../zitadel/service_user.ts";
import type { Change } from "./change.ts";

/** The credential in the env file. */
export type CredentialState =
  | { readonly kind: "none" }
  /** ZITADEL refuses it. */
  | { readonly kind: "refused" }
  /** It works, for this user. */
  | {
    readonly kind: "works";
    readonly userId: string;
    readonly loginName: string;
  };

/** The function's service user, as far as it exists. */
export interface ServiceUserState {
  readonly name: string;
  /** The user of that name. */
  readonly found: FoundUser | undefined;
  /** Whether a user of another organization has the name. */
  readonly isTaken: boolean;
  /** Whether that user has the role that is wanted. */
  readonly hasRole: boolean;
  readonly credential: CredentialState;
}

/** The service user that is wanted. */
export interface ServiceUserWish {
  readonly name: string;
  readonly role: ReaderRole;
  readonly organization: string;
  readonly credential: CredentialKind;
  /** How long the credential lives. */
  readonly days: number;
}

/**
 * Works out what the service user lacks.
 *
 * @throws {Error} If a user that `setup` did not create has the name, or the env
 * file holds another user's credential.
 */
export function planServiceUser(
  { found, isTaken, hasRole, credential }: ServiceUserState,
  wish: ServiceUserWish,
): Change[] {
  const { name, role, organization, days } = wish;
  if (found && !found.isOurs) {
    throw new Error(
      `There is a user "${name}" already (${found.id}), which setup did not create: it is left alone. Choose another --service-user-name`,
    );
  }
  if (isTaken) {
    throw new Error(
      `There is a user "${name}" already, in another organization: it is left alone. Choose another --service-user-name`,
    );
  }
  const isOurs = credential.kind === "works" &&
    credential.userId === found?.id;
  if (credential.kind === "works" && !isOurs) {
    throw new Error(
      `The env file has a credential of another user, ${credential.loginName}, and it works. Leave out --service-user, or remove the credential from the file`,
    );
  }
  return [
    ...found ? [] : [{ kind: "create-user", name, organization } as const],
    ...hasRole ? [] : [{ kind: "give-role", name, role, user: found } as const],
    ...isOurs ? [] : [
      {
        kind: "write-credential",
        name,
        credential: wish.credential,
        days,
        replaces: credential.kind === "refused",
        user: found,
      } as const,
    ],
  ];
}

/** Works out what removes the service user, if `setup` created it. */
export function planServiceUserRemoval(
  { name, found, credential }: ServiceUserState,
): Change[] {
  if (!found?.isOurs) return [];
  const isIts = credential.kind === "works" && credential.userId === found.id;
  return [
    ...isIts ? [{ kind: "drop-credential", name } as const] : [],
    { kind: "remove-user", name, user: found },
  ];
}
