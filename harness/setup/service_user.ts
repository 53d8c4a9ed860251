/**
 * The function's service user: how far it exists, and what gives and takes it.
 *
 * @module
 */
import { Code } from "@connectrpc/connect";
import {
  type Credential,
  readCredential,
} from "../../lib/config/credential.ts";
import { FunctionError } from "../../lib/errors.ts";
import { parseEnv, readEnvFile } from "../cli/env_file.ts";
import { waitUntil } from "../util/wait_until.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import {
  createCredential,
  CREDENTIAL_SETTINGS,
  type CredentialKind,
  listCredentials,
  removeCredential,
  writeCredential,
} from "../zitadel/credential.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import {
  createMarkedServiceUser,
  findServiceUser,
  type FoundUser,
  giveReaderRole,
  hasReaderRole,
  isUserNameTaken,
  type ReaderRole,
} from "../zitadel/service_user.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { type Me, removeUser, whoAmI } from "../zitadel/user.ts";
import { ZitadelError } from "../zitadel/zitadel_error.ts";
import { type Change, ofOwner, type Place } from "./change.ts";

/** The service user that is wanted. */
export interface ServiceUserWish {
  readonly name: string;
  readonly role: ReaderRole;
  readonly organization: string;
  readonly credential: CredentialKind;
  /** How long the credential lives. */
  readonly days: number;
}

/** The function's service user, as far as it exists. */
export interface ServiceUserState {
  /** The user of that name. */
  readonly found: FoundUser | undefined;
  /** Whether a user of another organization has the name. */
  readonly isTaken: boolean;
  /** Whether that user has the role that is wanted. */
  readonly hasRole: boolean;
  /** The credential in the env file: refused by ZITADEL, or whose it is. */
  readonly credential: "none" | "refused" | Me;
}

/** Looks for the function's service user, and at the credential in the env file. */
export async function readServiceUser(
  { instance, envFile }: Place,
  { name, role, organization }: ServiceUserWish,
): Promise<ServiceUserState> {
  const found = await findServiceUser(instance, organization, name);
  return {
    found,
    hasRole: found !== undefined && found.isOurs &&
      await hasReaderRole(instance, found, role),
    isTaken: found === undefined &&
      await isUserNameTaken(instance, organization, name),
    credential: await readCredentialState(instance, envFile, found),
  };
}

async function readCredentialState(
  instance: Instance,
  envFile: string,
  ours: FoundUser | undefined,
): Promise<ServiceUserState["credential"]> {
  const settings = parseEnv(await readEnvFile(envFile));
  const isNone = CREDENTIAL_SETTINGS.every((name) => !settings[name]?.trim());
  if (isNone) return "none";
  const credential = readCredential(settings);
  if (credential === undefined) return "refused";
  if (credential.kind === "jwt_profile" && ours?.isOurs) {
    const { keyId, userId } = credential.key;
    const isListed = userId !== ours.id ||
      await isKeyListed(instance, ours, keyId);
    if (!isListed) return "refused";
  }
  try {
    return await whoAmI(await connectWith(instance, credential));
  } catch (error) {
    if (isRefusal(error)) return "refused";
    throw error;
  }
}

/** Asks ZITADEL about the key, since some releases answer a wrong one with 500. */
async function isKeyListed(
  instance: Instance,
  { organization, id: user }: FoundUser,
  keyId: string,
): Promise<boolean> {
  const listed = await listCredentials(instance, { organization, user });
  return listed.some(({ id, expiresAt = Infinity }) =>
    id === keyId && expiresAt > Date.now()
  );
}

async function connectWith(
  { origin }: Instance,
  credential: Credential,
): Promise<Instance> {
  return connect(origin, await getServiceToken({ origin, credential }));
}

function isRefusal(error: unknown): boolean {
  return error instanceof FunctionError &&
      error.details.reason === "credential_rejected" ||
    error instanceof ZitadelError && error.code === Code.Unauthenticated;
}

/**
 * Works out what the service user lacks.
 *
 * @throws {Error} If a user that `setup` did not create has the name, or the env
 * file holds another user's credential.
 */
export function planServiceUser(
  place: Place,
  { found, isTaken, hasRole, credential }: ServiceUserState,
  wish: ServiceUserWish,
): Change[] {
  const { name } = wish;
  const isForeign = found !== undefined && !found.isOurs;
  if (isForeign || isTaken) {
    const where = isForeign
      ? ` (${found.id}), which setup did not create`
      : ", in another organization";
    throw new Error(
      `There is a user "${name}" already${where}: it is left alone. Choose another --service-user-name`,
    );
  }
  const works = typeof credential === "object";
  if (works && credential.id !== found?.id) {
    throw new Error(
      `The env file has a credential of another user, ${credential.loginName}, and it works. Leave out --service-user, or remove the credential from the file`,
    );
  }
  // Knows the user once it is created.
  const user = { found };
  const replaces = credential === "refused";
  return [
    ...found ? [] : [createUserChange(place, user, wish)],
    ...hasRole ? [] : [giveRoleChange(place, user, wish)],
    ...works ? [] : [writeCredentialChange(place, user, { ...wish, replaces })],
  ];
}

/** Works out what removes the service user, if `setup` created it. */
export function planServiceUserRemoval(
  { instance, envFile }: Place,
  { found, credential }: ServiceUserState,
  { name }: ServiceUserWish,
): Change[] {
  if (!found?.isOurs) return [];
  const isIts = typeof credential === "object" && credential.id === found.id;
  const dropped: Change = {
    kind: "drop-credential",
    lines: [{ sign: "-", text: `the credential of "${name}" in ${envFile}` }],
    make: () => removeCredential(envFile),
  };
  return [...isIts ? [dropped] : [], {
    kind: "remove-user",
    lines: [{
      sign: "-",
      text: `service user "${name}", with its role and credentials`,
    }],
    needs: ofOwner("user.write", "remove the service user"),
    async make() {
      const { organization } = found;
      await removeUser(instance, organization, found.id);
      await waitUntil(
        async () => !await findServiceUser(instance, organization, name),
        { what: "the service user is gone" },
      );
    },
  }];
}

interface CreatedUser {
  found: FoundUser | undefined;
}

function createUserChange(
  { instance }: Place,
  user: CreatedUser,
  { name, organization }: ServiceUserWish,
): Change {
  return {
    kind: "create-user",
    lines: [{ sign: "+", text: `service user "${name}"` }],
    needs: ofOwner("user.write", "create the service user"),
    async make() {
      user.found = await createMarkedServiceUser(instance, organization, name);
      await waitUntil(
        async () => !!await findServiceUser(instance, organization, name),
        { what: "the service user is listed" },
      );
    },
  };
}

function giveRoleChange(
  { instance }: Place,
  user: CreatedUser,
  { name, role }: ServiceUserWish,
): Change {
  const right = role === "IAM_OWNER_VIEWER"
    ? "iam.member.write"
    : "org.member.write";
  return {
    kind: "give-role",
    lines: [{ sign: "+", text: `role ${role} for the service user "${name}"` }],
    needs: ofOwner(right, `give the service user ${role}`),
    make: () => giveReaderRole(instance, user.found!, role),
  };
}

function writeCredentialChange(
  { instance, envFile }: Place,
  user: CreatedUser,
  { name, credential: kind, days, replaces }: ServiceUserWish & {
    readonly replaces: boolean;
  },
): Change {
  const [setting, what] = kind === "key"
    ? ["SERVICE_ACCOUNT_KEY", "key"]
    : ["ACCESS_TOKEN", "personal access token"];
  const suffix = replaces ? ", in place of one that ZITADEL refuses" : "";
  return {
    kind: "write-credential",
    lines: [{
      sign: replaces ? "~" : "+",
      text:
        `${setting} in ${envFile}: a new ${what} of "${name}" for ${days} days${suffix}`,
    }],
    needs: ofOwner("user.write", "create its credential"),
    setting,
    async make() {
      const { id, organization } = user.found!;
      const owner = { organization, user: id };
      const created = await createCredential(instance, owner, { kind, days });
      await writeCredential(envFile, created);
      await confirmCredential(instance, envFile, organization);
    },
  };
}

/** Waits until the written credential lets its user read an organization, as the function will. */
async function confirmCredential(
  instance: Instance,
  envFile: string,
  organization: string,
): Promise<void> {
  const credential = readCredential(parseEnv(await readEnvFile(envFile)));
  if (credential === undefined) {
    throw new Error("Cannot use the credential that was written");
  }
  const what = "the new credential lets the service user read the organization";
  await waitUntil(async () => {
    const reader = await connectWith(instance, credential);
    return (await listOrganizations(reader, { id: organization })).length > 0;
  }, { what });
}
