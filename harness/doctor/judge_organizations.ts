import type { RoleMapping } from "../../lib/mapping/role_mapping.ts";
import { TEMPORARY_APP_NAME } from "../zitadel/project.ts";
import type { Facts, OrganizationFacts, ProjectFacts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";
import { judgeMapping, judgePlainKeys } from "./judge_mapping.ts";

/**
 * Judges the organizations: whether they may be read, their mapping, and
 * whether their projects and applications ever make ZITADEL send roles.
 *
 * @param facts What is known.
 * @returns What was found.
 */
export function judgeOrganizations(facts: Facts): Finding[] {
  const { organizations, organizationsLeft } = facts;
  if (organizations.problem !== undefined) {
    return [finding("org_read", "broken", organizations.problem)];
  }
  const findings = [judgeReadability(facts, organizations.value)];
  if (organizationsLeft > 0) {
    findings.push(
      finding(
        "org_read",
        "note",
        `${organizationsLeft} more organizations were not looked at; name them by --org`,
      ),
    );
  }
  for (const organization of organizations.value) {
    findings.push(...judgeOrganization(facts, organization));
  }
  const { clientId } = facts;
  if (clientId !== undefined) {
    findings.push(...judgeClient(clientId, organizations.value));
  }
  return findings;
}

/**
 * Calls an organization by its name and id.
 *
 * @param organization The organization.
 * @returns Its name, and its id in brackets.
 */
export function nameOf({ id, name }: OrganizationFacts): string {
  return name ? `${name} (${id})` : id;
}

function judgeReadability(
  { organizationsNamed, credential }: Facts,
  organizations: readonly OrganizationFacts[],
): Finding {
  if (credential?.value === undefined) {
    return finding(
      "org_read",
      "note",
      "not tried: there is no valid credential",
    );
  }
  const problem = organizations.find(({ readable }) => readable.problem);
  if (problem?.readable.problem !== undefined) {
    return finding("org_read", "broken", problem.readable.problem);
  }
  const hidden = organizations.filter(({ readable }) => !readable.value);
  if (organizations.length === 0) {
    return finding("org_read", "broken", "no organization can be read");
  }
  if (hidden.length === 0) {
    return finding(
      "org_read",
      "ok",
      `readable: ${organizations.map(nameOf).join(", ")}`,
    );
  }
  const broken = organizationsNamed || hidden.length === organizations.length;
  return finding(
    "org_read",
    broken ? "broken" : "warning",
    `not readable: ${hidden.map(nameOf).join(", ")}`,
  );
}

function judgeOrganization(
  facts: Facts,
  organization: OrganizationFacts,
): Finding[] {
  const { projects, mapping } = organization;
  const name = nameOf(organization);
  const findings: Finding[] = [];
  if (projects.problem !== undefined) {
    findings.push(
      finding(
        "role_assertion",
        "note",
        `not known for ${name}: ${projects.problem}`,
      ),
    );
  }
  const owned = projects.value ?? [];
  for (const project of owned) findings.push(...judgeProject(facts, project));
  if (mapping?.problem !== undefined) {
    findings.push(finding("mapping", "broken", mapping.problem));
  } else if (mapping) {
    const value: RoleMapping = mapping.value;
    findings.push(...judgeMapping(name, value, owned));
    const isFixed = facts.config.value?.metadataOrganization ===
      organization.id;
    if (facts.severalOwners || isFixed) {
      // Elsewhere a customer's own users get what the customer's metadata says.
      const level = facts.severalOwners && isFixed ? "warning" : "note";
      findings.push(...judgePlainKeys(name, value, level));
    }
  }
  return findings;
}

function judgeProject(facts: Facts, project: ProjectFacts): Finding[] {
  const { id, name, assertsRoles, roles, applications } = project;
  const findings: Finding[] = applications
    .filter((it) => it.name.startsWith(TEMPORARY_APP_NAME))
    .map((it) =>
      finding(
        "leftover_application",
        "warning",
        `${it.name} (${it.clientId}) of project ${name}, unless \`deno task dev\` is running with it`,
      )
    );
  if (assertsRoles === false && roles.length > 0) {
    findings.push(
      finding(
        "role_assertion",
        "warning",
        `project ${name} (${id}) asserts none`,
      ),
    );
  }
  // ZITADEL's own console is an application with opaque tokens, and no roles.
  if (roles.length === 0) return findings;
  const byIntrospection = isBound(facts, "function/preuserinfo");
  for (const application of applications) {
    if (application.accessTokens !== "opaque") continue;
    if (facts.clientId !== undefined) continue;
    findings.push(
      finding(
        "opaque_tokens",
        byIntrospection ? "note" : "warning",
        `application ${application.name} (${application.clientId}) of project ${name}`,
      ),
    );
  }
  return findings;
}

function judgeClient(
  clientId: string,
  organizations: readonly OrganizationFacts[],
): Finding[] {
  for (const { projects } of organizations) {
    for (const project of projects.value ?? []) {
      const application = project.applications.find((it) =>
        it.clientId === clientId
      );
      if (application === undefined) continue;
      if (application.accessTokens !== "opaque") {
        return [
          finding(
            "client",
            "ok",
            `${clientId} is ${application.name} of project ${project.name}`,
          ),
        ];
      }
      return [
        finding(
          "opaque_tokens",
          "broken",
          `application ${application.name} (${clientId}) of project ${project.name}`,
        ),
      ];
    }
  }
  return [
    finding(
      "client",
      "broken",
      `${clientId} belongs to no project of the organizations looked at`,
    ),
  ];
}

function isBound(facts: Facts, condition: string): boolean {
  const keys = facts.config.value?.signingKeys ?? [];
  const ours = (facts.targets?.value ?? [])
    .filter(({ signingKey }) => keys.includes(signingKey))
    .map(({ id }) => id);
  return (facts.executions?.value ?? []).some((execution) =>
    execution.condition === condition &&
    execution.targets.some((id) => ours.includes(id))
  );
}
