/**
 * The function's service user: how far it exists, and what it lacks.
 *
 * @module
 */
import { Code } from "@connectrpc/connect";
import {
  credentialSettings,
  readCredential,
} from "../../lib/config/credential.ts";
import { FunctionError } from "../../lib/errors.ts";
import { parseEnv, readEnvFile } from "../cli/env_file.ts";
import type { Settings } from "../cli/settings.ts";
import { waitUntil } from "../util/wait_until.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import { type CredentialKind, listCredentials } from "../zitadel/credential.ts";
import { issueCredential } from "../zitadel/issue_credential.ts";
import { listOrganizations, ownOrganization } from "../zitadel/organization.ts";
import {
  createMarkedServiceUser,
  DEFAULT_SERVICE_USER_NAME,
  giveReaderRole,
  isUserNameTaken,
  listServiceUsers,
  type ReaderRole,
  rolesOf,
  type ServiceUser,
  takeInstanceRoles,
} from "../zitadel/service_user.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { type Me, whoAmI } from "../zitadel/user.ts";
import { ZitadelError } from "../zitadel/zitadel_error.ts";
import { type Change, change, ofOwner, type Place } from "../plan/change.ts";

/** The service user that is wanted. */
export interface ServiceUserWish {
  /** The target that it is for: its mark names it. */
  readonly target: string;
  /** What a new one is called; given, it also names one whose target was not noted. */
  readonly name: string | undefined;
  readonly role: ReaderRole;
  /** The organization that it reads, and that a new one belongs to. */
  readonly organization: string;
  readonly credential: CredentialKind;
  /** How long the credential lives. */
  readonly days: number;
}

/** The service users that there are, and the credential in the env file. */
export interface ServiceUserState {
  /** Those that `setup` created for the target, the one in use first. */
  readonly ours: readonly ServiceUser[];
  readonly others: readonly ServiceUser[];
  /** Those with the mark in organizations whose administrators could have written it. */
  readonly doubtful: readonly ServiceUser[];
  /** The credential in the env file: refused by ZITADEL, or whose it is. */
  readonly credential: "none" | "refused" | Me;
}

/**
 * Looks for the function's service users, and at the credential in the env file.
 * Anyone who may create users can write the mark: it counts in the organization that
 * is read and in the token's own, or if the env file has the user's credential.
 */
export async function readServiceUsers(
  { instance, envFile }: Place,
  { target, name, organization }: ServiceUserWish,
): Promise<ServiceUserState> {
  const users = await listServiceUsers(instance);
  const trusted = [organization, (await ownOrganization(instance)).id];
  const settings = parseEnv(await readEnvFile(envFile));
  const written = readCredential(settings);
  const credential = await readCredentialState(instance, settings, users);
  const used = typeof credential === "object"
    ? credential.id
    : written?.kind === "jwt_profile"
    ? written.key.userId
    : undefined;
  const isUsed = ({ id }: ServiceUser) => id === used;
  const isDoubtful = (user: ServiceUser) =>
    user.createdFor !== undefined && !isUsed(user) &&
    !trusted.includes(user.organization);
  const isOurs = (user: ServiceUser) =>
    !isDoubtful(user) &&
    (user.createdFor === target ||
      user.createdFor === "" && (user.name === name || isUsed(user)));
  return {
    ours: users.filter(isOurs)
      .sort((a, b) => Number(isUsed(b)) - Number(isUsed(a))),
    others: users.filter((user) => !isOurs(user) && !isDoubtful(user)),
    doubtful: users.filter(isDoubtful),
    credential,
  };
}

async function readCredentialState(
  instance: Instance,
  settings: Settings,
  users: readonly ServiceUser[],
): Promise<ServiceUserState["credential"]> {
  const isNone = Object.keys(credentialSettings)
    .every((name) => !settings[name]?.trim());
  if (isNone) return "none";
  const credential = readCredential(settings);
  if (credential === undefined) return "refused";
  if (credential.kind === "jwt_profile") {
    const { keyId, userId } = credential.key;
    const owner = users.find(({ id }) => id === userId);
    const isListed = owner === undefined ||
      await isKeyListed(instance, owner, keyId);
    if (!isListed) return "refused";
  }
  try {
    const { origin } = instance;
    const token = await getServiceToken({ origin, credential });
    return await whoAmI(connect(origin, token));
  } catch (error) {
    if (isRefusal(error)) return "refused";
    throw error;
  }
}

/** Asks ZITADEL about the key, since some releases answer a wrong one with 500. */
async function isKeyListed(
  instance: Instance,
  { organization, id: user }: ServiceUser,
  keyId: string,
): Promise<boolean> {
  const listed = await listCredentials(instance, { organization, user });
  return listed.some(({ id, expiresAt = Infinity }) =>
    id === keyId && expiresAt > Date.now()
  );
}

function isRefusal(error: unknown): boolean {
  return error instanceof FunctionError &&
      error.details.reason === "credential_rejected" ||
    error instanceof ZitadelError && error.code === Code.Unauthenticated;
}

/**
 * Works out what the service user lacks. One that `setup` made for the target is
 * used whatever it is called.
 *
 * @throws {Error} If a user that `setup` did not create has the name, or the env
 * file holds another user's credential.
 */
export async function planServiceUser(
  { instance, envFile }: Place,
  { ours: [found], others, credential }: ServiceUserState,
  wish: ServiceUserWish,
): Promise<{ readonly changes: Change[]; readonly notes: string[] }> {
  const { name = DEFAULT_SERVICE_USER_NAME, organization, role } = wish;
  const works = typeof credential === "object";
  if (works && credential.id !== found?.id) {
    throw new Error(
      `The env file has a credential of another user, ${credential.loginName}, and it works. Leave out --service-user, or remove the credential from the file`,
    );
  }
  if (!found && await isUserNameTaken(instance, organization, name)) {
    const other = others.find((user) => user.name === name);
    const id = other ? ` (${other.id})` : "";
    throw new Error(
      `There is a user "${name}" already${id}, which setup did not create for this target: it is left alone. Choose another --service-user-name${
        other?.createdFor === ""
          ? `, or give this one: an older version of setup did create it`
          : ""
      }`,
    );
  }
  const rolesAt = async (level: ReaderRole) =>
    found ? await rolesOf(instance, { ...found, organization }, level) : [];
  const isGiven = (await rolesAt(role)).includes(role);
  const isWide = role === "ORG_OWNER_VIEWER" &&
    (await rolesAt("IAM_OWNER_VIEWER")).join() === "IAM_OWNER_VIEWER";
  // Knows the user once it is created.
  const user: CreatedUser = { found, name: found?.name ?? name };
  const place = { instance, envFile };
  return {
    changes: [
      ...found ? [] : [createUserChange(place, user, wish)],
      ...isGiven ? [] : [giveRoleChange(place, user, wish)],
      ...isWide && isGiven ? [takeRoleChange(place, user)] : [],
      ...works ? [] : [writeCredentialChange(place, user, {
        ...wish,
        replaces: credential === "refused",
      })],
    ],
    notes: isWide && !isGiven
      ? [
        `"${user.name}" keeps IAM_OWNER_VIEWER, which the function needs until it is restarted with METADATA_ORGANIZATION=${organization}; --service-user takes it away then`,
      ]
      : [],
  };
}

interface CreatedUser {
  found: ServiceUser | undefined;
  readonly name: string;
}

export type ServiceUserPlace = Pick<Place, "instance" | "envFile">;

function createUserChange(
  { instance }: ServiceUserPlace,
  user: CreatedUser,
  { organization, target }: ServiceUserWish,
): Change {
  const { name } = user;
  const make = async () => {
    const mark = { name, target };
    const { id } = user.found = await createMarkedServiceUser(
      instance,
      organization,
      mark,
    );
    const isListed = async () =>
      (await listServiceUsers(instance)).some((it) => it.id === id);
    await waitUntil(isListed, { what: "the service user is listed" });
  };
  const needs = ofOwner("user.write", "create the service user");
  return change("create-user", `+ service user "${name}"`, make, { needs });
}

function giveRoleChange(
  { instance }: ServiceUserPlace,
  user: CreatedUser,
  { organization, role }: ServiceUserWish,
): Change {
  const right = role === "IAM_OWNER_VIEWER"
    ? "iam.member.write"
    : "org.member.write";
  return change(
    "give-role",
    `+ role ${role} for the service user "${user.name}"`,
    () => giveReaderRole(instance, { id: user.found!.id, organization }, role),
    { needs: ofOwner(right, `give the service user ${role}`) },
  );
}

/** Takes the role of the whole instance from a user that reads one organization. */
function takeRoleChange(
  { instance }: ServiceUserPlace,
  { found, name }: CreatedUser,
): Change {
  return change(
    "take-role",
    `- role IAM_OWNER_VIEWER of the service user "${name}": it reads one organization only`,
    () => takeInstanceRoles(instance, found!.id),
    { needs: ofOwner("iam.member.write", "take its role of the instance") },
  );
}

function writeCredentialChange(
  { instance, envFile }: ServiceUserPlace,
  user: CreatedUser,
  { organization: read, credential: kind, days, replaces }: ServiceUserWish & {
    readonly replaces: boolean;
  },
): Change {
  const [setting, what] = kind === "key"
    ? ["SERVICE_ACCOUNT_KEY", "key"]
    : ["ACCESS_TOKEN", "personal access token"];
  const suffix = replaces ? ", in place of one that ZITADEL refuses" : "";
  return change(
    "write-credential",
    `${
      replaces ? "~" : "+"
    } ${setting} in ${envFile}: a new ${what} of "${user.name}" for ${days} days${suffix}`,
    async () => {
      const { id, organization } = user.found!;
      const owner = { organization, user: id };
      await issueCredential(instance, envFile, { ...owner, kind, days });
      await confirmCredential(instance, envFile, read);
    },
    { needs: ofOwner("user.write", "create its credential"), setting },
  );
}

/** Waits until the written credential lets its user read an organization, as the function will. */
async function confirmCredential(
  { origin }: Instance,
  envFile: string,
  organization: string,
): Promise<void> {
  const credential = readCredential(parseEnv(await readEnvFile(envFile)))!;
  const what = "the new credential lets the service user read the organization";
  await waitUntil(async () => {
    const reader = connect(
      origin,
      await getServiceToken({ origin, credential }),
    );
    return (await listOrganizations(reader, { id: organization })).length > 0;
  }, { what });
}
