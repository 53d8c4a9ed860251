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
import { listCredentials } from "../zitadel/credential.ts";
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
import {
  type Change,
  change,
  type Place,
  type Planned,
} from "../plan/change.ts";
import type { SetupOptions } from "./command_line.ts";

/** The service user that is wanted: its mark names the target that it is for. */
export interface ServiceUserWish extends
  Pick<
    SetupOptions,
    "name" | "serviceUserName" | "credential" | "credentialDays"
  > {
  readonly role: ReaderRole;
  /** The organization that it reads, and that a new one belongs to. */
  readonly organization: string;
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
  { name, serviceUserName, organization }: ServiceUserWish,
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
  const { ours = [], others = [], doubtful = [] } = Object.groupBy(
    users.toSorted((a, b) => Number(b.id === used) - Number(a.id === used)),
    ({ id, createdFor, organization, name: called }) => {
      const isUsed = id === used;
      const isTrusted = isUsed || trusted.includes(organization);
      if (createdFor !== undefined && !isTrusted) return "doubtful";
      const isNamed = createdFor === "" &&
        (isUsed || called === serviceUserName);
      return createdFor === name || isNamed ? "ours" : "others";
    },
  );
  return { ours, others, doubtful, credential };
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
    // Some releases answer a wrong key with 500.
    const { keyId, userId: user } = credential.key;
    const owner = users.find(({ id }) => id === user);
    const listed = owner && await listCredentials(instance, { ...owner, user });
    const isListed = listed?.some(({ id, expiresAt = Infinity }) =>
      id === keyId && expiresAt > Date.now()
    ) ?? true;
    if (!isListed) {
      return "refused";
    }
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
  state: ServiceUserState,
  wish: ServiceUserWish,
): Promise<Planned> {
  const { ours: [found], credential } = state;
  const { organization, role, serviceUserName } = wish;
  const works = typeof credential === "object";
  await requireOurs(instance, state, wish);
  const name = found?.name ?? serviceUserName ?? DEFAULT_SERVICE_USER_NAME;
  const rolesAt = async (level: ReaderRole) =>
    found ? await rolesOf(instance, { ...found, organization }, level) : [];
  const isGiven = (await rolesAt(role)).includes(role);
  const isWide = role === "ORG_OWNER_VIEWER" &&
    (await rolesAt("IAM_OWNER_VIEWER")).join() === "IAM_OWNER_VIEWER";
  // Known once it is created.
  let user = found;
  const changes: Change[] = [];
  if (!found) {
    const create = async () => {
      const mark = { name, target: wish.name };
      user = await createMarkedServiceUser(instance, organization, mark);
      const { id } = user;
      const isListed = async () =>
        (await listServiceUsers(instance)).some((it) => it.id === id);
      await waitUntil(isListed, { what: "the service user is listed" });
    };
    changes.push(change("create-user", `+ service user "${name}"`, create));
  }
  if (!isGiven) {
    changes.push(change(
      role === "IAM_OWNER_VIEWER" ? "give-instance-role" : "give-role",
      `+ role ${role} for the service user "${name}"`,
      () => giveReaderRole(instance, { id: user!.id, organization }, role),
    ));
  } else if (isWide) {
    changes.push(change(
      "take-role",
      `- role IAM_OWNER_VIEWER of the service user "${name}": it reads one organization only`,
      () => takeInstanceRoles(instance, user!.id),
    ));
  }
  if (!works) {
    const { credential: kind, credentialDays: days } = wish;
    const [setting, what] = kind === "key"
      ? ["SERVICE_ACCOUNT_KEY", "key"]
      : ["ACCESS_TOKEN", "personal access token"];
    const [sign, suffix] = credential === "refused"
      ? ["~", ", in place of one that ZITADEL refuses"] as const
      : ["+", ""] as const;
    changes.push(change(
      "write-credential",
      `${sign} ${setting} in ${envFile}: a new ${what} of "${name}" for ${days} days${suffix}`,
      async () => {
        const { id, organization: home } = user!;
        const owner = { organization: home, user: id };
        await issueCredential(instance, envFile, { ...owner, kind, days });
        await confirmCredential(instance, envFile, organization);
      },
      { setting },
    ));
  }
  const notes = isWide && !isGiven
    ? [
      `"${name}" keeps IAM_OWNER_VIEWER, which the function needs until it is restarted with METADATA_ORGANIZATION=${organization}; --service-user takes it away then`,
    ]
    : [];
  return { changes, notes };
}

/** Refuses to touch a user that is someone else's. */
async function requireOurs(
  instance: Instance,
  { ours: [found], others, credential }: ServiceUserState,
  { organization, serviceUserName: name = DEFAULT_SERVICE_USER_NAME }:
    ServiceUserWish,
): Promise<void> {
  if (typeof credential === "object" && credential.id !== found?.id) {
    throw new Error(
      `The env file has a credential of another user, ${credential.loginName}, and it works. Leave out --service-user, or remove the credential from the file`,
    );
  }
  if (found || !await isUserNameTaken(instance, organization, name)) return;
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

/** Waits until the written credential lets its user read an organization, as the function will. */
async function confirmCredential(
  { origin }: Instance,
  envFile: string,
  id: string,
): Promise<void> {
  const credential = readCredential(parseEnv(await readEnvFile(envFile)))!;
  const what = "the new credential lets the service user read the organization";
  await waitUntil(async () => {
    const token = await getServiceToken({ origin, credential });
    return (await listOrganizations(connect(origin, token), { id })).length > 0;
  }, { what });
}
