import { setMetadata } from "../zitadel/metadata.ts";
import {
  createOrganization,
  removeOrganization,
} from "../zitadel/organization.ts";
import { createPeople } from "./create_people.ts";
import { createProjects } from "./create_projects.ts";
import { createServiceUsers } from "./create_service_users.ts";
import type { Scenario } from "./scenario.ts";
import type { Subject } from "./subject.ts";

const MANY_KEYS = 250;
const ORGANIZATIONS = ["acme", "globex", "many", "odd", "empty", "catalogue"];
const encoder = new TextEncoder();

/** The recorded mapping. */
const ACME_METADATA = {
  admin: '["read:all","write:all","delete:all"]',
  editor: '["posts:read","posts:write"]',
  picker: '["stock:pick"]',
  rédacteur: '["articles:écrire","articles:読む"]',
  viewer: '["posts:read"]',
};

/** Creates the scenario of the recordings; disposing of it removes it. */
export async function createScenario(subject: Subject): Promise<Scenario> {
  const { instance } = subject;
  const suffix = crypto.randomUUID().slice(0, 5);
  const organizations: Record<string, string> = {};
  const remove = async () => {
    for (const id of Object.values(organizations)) {
      await removeOrganization(instance, id);
    }
  };
  try {
    for (const name of ORGANIZATIONS) {
      const { id } = await createOrganization(instance, `${name} ${suffix}`);
      organizations[name] = id;
    }
    const created = organizations as Scenario["organizations"];
    await writeMetadata(subject, created);
    const { projects, apps } = await createProjects(subject, created);
    const place = { organizations: created, projects, suffix };
    const people = await createPeople(subject, place);
    const serviceUsers = await createServiceUsers(subject, place);
    await subject.settle();
    return {
      ...{ suffix, organizations: created, projects, apps, people },
      ...serviceUsers,
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function writeMetadata(
  { instance }: Subject,
  { acme, many, odd }: Scenario["organizations"],
): Promise<void> {
  const entries = (values: Record<string, string>) =>
    Object.entries(values).map(([key, text]) => ({
      key,
      value: encoder.encode(text),
    }));
  await setMetadata(instance, acme, entries(ACME_METADATA));
  await setMetadata(instance, odd, entries({ broken: '["a"', empty: "[]" }));
  const keys = Array.from(
    { length: MANY_KEYS },
    (_, index) =>
      [`role-${String(index).padStart(3, "0")}`, `["perm:${index}"]`] as const,
  );
  await setMetadata(instance, many, entries(Object.fromEntries(keys)));
}
