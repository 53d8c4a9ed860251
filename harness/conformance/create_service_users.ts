import { exportPKCS8, exportSPKI, generateKeyPair } from "jose";
import {
  addMember,
  createAccessToken,
  createSecret,
  createServiceUser,
  grantRoles,
} from "../zitadel/user.ts";
import type { Place, Scenario } from "./scenario.ts";
import { callRest, type Subject } from "./subject.ts";

type ServiceUsers = Pick<
  Scenario,
  "machine" | "reader" | "viewer" | "owner" | "stranger"
>;

/** Creates the service users, their credentials and administrator roles. */
export async function createServiceUsers(
  subject: Subject,
  { organizations, projects, suffix }: Place,
): Promise<ServiceUsers> {
  const { instance } = subject;
  const { acme, catalogue } = organizations;
  const withToken = async (name: string) => {
    const id = await createServiceUser(instance, acme, `${name}-${suffix}`);
    return { id, token: await createAccessToken(instance, acme, id) };
  };
  const withSecret = async (name: string) => {
    const user = await withToken(name);
    return { ...user, ...await createSecret(instance, acme, user.id) };
  };
  const machine = await withSecret("ci-runner");
  await grantRoles(instance, acme, {
    user: machine.id,
    project: projects.storefront,
    roles: ["viewer"],
  });
  const key = await addKey(subject, acme, machine.id);
  const reader = await withSecret("reader");
  for (const organization of [acme, catalogue]) {
    await addMember(instance, organization, {
      user: reader.id,
      role: "ORG_OWNER_VIEWER",
    });
  }
  const viewer = await withSecret("iam-viewer");
  await callRest(subject, "POST /admin/v1/members", {
    body: { userId: viewer.id, roles: ["IAM_OWNER_VIEWER"] },
  });
  const owner = await withToken("owner");
  await addMember(instance, acme, { user: owner.id, role: "ORG_OWNER" });
  const stranger = await withToken("stranger");
  return { machine: { ...machine, ...key }, reader, viewer, owner, stranger };
}

async function addKey(subject: Subject, organization: string, user: string) {
  const { publicKey, privateKey } = await generateKeyPair("RS256", {
    extractable: true,
  });
  const { keyId } = await callRest(
    subject,
    `POST /management/v1/users/${user}/keys`,
    {
      organization,
      body: {
        type: "KEY_TYPE_JSON",
        expirationDate: "2035-01-01T00:00:00Z",
        publicKey: btoa(await exportSPKI(publicKey)),
      },
    },
  );
  return { keyId: String(keyId), privateKey: await exportPKCS8(privateKey) };
}
