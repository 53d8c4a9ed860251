import { createPerson, grantRoles } from "../zitadel/user.ts";
import type { Person, Place, Scenario } from "./scenario.ts";
import { callRest, type Subject } from "./subject.ts";

/** Satisfies ZITADEL's default password policy. */
const PASSWORD = "Password1!";

/** Creates the people, their grants and their metadata. */
export async function createPeople(
  subject: Subject,
  { organizations, projects, suffix }: Place,
): Promise<Scenario["people"]> {
  const { instance } = subject;
  const { acme, globex } = organizations;
  const { storefront, warehouse } = projects;
  const person = async (name: string, organization = acme): Promise<Person> => {
    const loginName = `${name}-${suffix}`;
    const id = await createPerson(instance, organization, {
      userName: loginName,
      password: PASSWORD,
    });
    return { id, loginName, password: PASSWORD };
  };
  const people = {
    alice: await person("alice"),
    bob: await person("bob"),
    carol: await person("carol", globex),
    dave: await person("dave", globex),
    erin: await person("erin"),
    frank: await person("frank"),
    gwen: await person("gwen"),
  };
  const grant = (
    { id: user }: Person,
    roles: readonly string[],
    project = storefront,
  ) => grantRoles(instance, acme, { user, project, roles });
  await grant(people.alice, ["admin", "viewer"]);
  await grant(people.alice, ["picker", "admin"], warehouse);
  await grant(people.dave, ["auditor"]);
  await grant(people.frank, ["rédacteur"]);
  await grant(people.gwen, []);
  await grantInactive(subject, acme, {
    user: people.erin.id,
    project: storefront,
  });
  await grantThroughProjectGrant(subject, {
    ...{ acme, globex, project: storefront, user: people.carol.id },
  });
  if (subject.release !== "4.6") { // 4.6 was recorded without it.
    await callRest(
      subject,
      `POST /management/v1/users/${people.alice.id}/metadata/_bulk`,
      {
        organization: acme,
        body: { metadata: [{ key: "department", value: "RMO8c3NlbGRvcmY=" }] },
      },
    );
  }
  return people;
}

/** Grants the project to the user's organization, which grants a role on. */
async function grantThroughProjectGrant(
  subject: Subject,
  { acme, globex, project, user }: Record<
    "acme" | "globex" | "project" | "user",
    string
  >,
): Promise<void> {
  const { grantId } = await callRest(
    subject,
    `POST /management/v1/projects/${project}/grants`,
    {
      organization: acme,
      body: { grantedOrgId: globex, roleKeys: ["editor", "viewer"] },
    },
  );
  await callRest(subject, `POST /management/v1/users/${user}/grants`, {
    organization: globex,
    body: {
      projectId: project,
      projectGrantId: grantId,
      roleKeys: ["editor"],
    },
  });
}

async function grantInactive(
  subject: Subject,
  organization: string,
  { user, project }: { user: string; project: string },
): Promise<void> {
  const grants = `/management/v1/users/${user}/grants`;
  const { userGrantId } = await callRest(subject, `POST ${grants}`, {
    organization,
    body: { projectId: project, roleKeys: ["viewer"] },
  });
  await callRest(subject, `POST ${grants}/${userGrantId}/_deactivate`, {
    organization,
  });
}
