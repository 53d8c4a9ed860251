/**
 * Organizations for a while, with all that tokens with permissions need: created
 * as planned, and removed with everything in them.
 *
 * @module
 */
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb";
import { waitUntil } from "../util/wait_until.ts";
import { connect, type Instance, to } from "./client.ts";
import { createCredential } from "./credential.ts";
import { managementOf } from "./manage.ts";
import { listMetadata, setMetadata } from "./metadata.ts";
import {
  createOrganization,
  listOrganizations,
  removeOrganization,
} from "./organization.ts";
import { createApplication, createProject } from "./project.ts";
import { addMember, createSecret, createServiceUser } from "./user.ts";

/** The guide's mapping. */
export const DEFAULT_MAPPING: Readonly<Record<string, readonly string[]>> = {
  admin: ["read:all", "write:all", "delete:all"],
  viewer: ["posts:read"],
};

/** The redirect address of every application; nothing has to listen there. */
export const REDIRECT_URI = "http://localhost:9000/callback";

/**
 * Creates an organization with a mapping, a project, an application, a person and
 * two service users, and waits until it can be read: `robot` has every role and JWT
 * access tokens, `reader` may read the organization, as the function's credential.
 * Disposing of the result removes it.
 */
export async function createScratchOrganization(
  instance: Instance,
  { signal }: { readonly signal?: AbortSignal } = {},
) {
  await using stack = new AsyncDisposableStack();
  // So that runs do not collide.
  const suffix = crypto.randomUUID().slice(0, 5);
  const organization = await createOrganization(instance, `scratch ${suffix}`);
  const { id } = organization;
  stack.defer(() => removeOrganization(instance, id));
  const roles = Object.keys(DEFAULT_MAPPING);
  const entries = Object.entries(DEFAULT_MAPPING).map(([key, names]) => (
    { key, value: new TextEncoder().encode(JSON.stringify(names)) }
  ));
  await setMetadata(instance, id, entries);
  const shop = await createProject(instance, id, { name: "Shop", roles });
  const project = { id: shop.id };
  const redirectUri = REDIRECT_URI;
  const options = { project: shop.id, name: "Shop", redirectUri };
  const { clientId } = await createApplication(instance, id, options);
  const loginName = `alice-${suffix}`;
  // What ZITADEL's default policy asks for.
  const password = `Aa1!${crypto.randomUUID()}`;
  const { userId: alice } = await instance.service(UserService).addHumanUser({
    username: loginName,
    organization: { org: { case: "orgId", value: id } },
    profile: { givenName: "Alice", familyName: "Example" },
    email: {
      email: "alice@example.com",
      verification: { case: "isVerified", value: true },
    },
    passwordType: { case: "password", value: { password } },
  }, to(`create the user "${loginName}"`));
  const createMachine = async (name: string) => {
    signal?.throwIfAborted();
    const user = await createServiceUser(instance, id, `${name}-${suffix}`);
    const owner = { organization: id, user };
    const kind = { kind: "pat", days: 1 } as const;
    const { value: token } = await createCredential(instance, owner, kind);
    return { id: user, token, ...await createSecret(instance, id, user) };
  };
  const robot = await createMachine("robot");
  const reader = await createMachine("reader");
  const member = { user: reader.id, role: "ORG_OWNER_VIEWER" };
  await addMember(instance, id, member);
  for (const userId of [robot.id, alice]) {
    const grant = { userId, projectId: shop.id, roleKeys: roles };
    await managementOf(instance, id).addUserGrant(grant, to("grant roles"));
  }
  const asReader = connect(instance.origin, reader.token);
  await waitUntil(async () => {
    const [visible] = await listOrganizations(asReader, { id });
    const { entries } = await listMetadata(asReader, id);
    return visible !== undefined && entries.length === roles.length;
  }, { what: "the new organization can be read", ...signal && { signal } });
  const created = stack.move();
  return {
    organization,
    /** Role to permissions, as written to the metadata. */
    mapping: DEFAULT_MAPPING,
    project,
    application: { clientId, redirectUri },
    robot,
    reader,
    person: { id: alice, loginName, password },
    [Symbol.asyncDispose]: () => created.disposeAsync(),
  };
}
