import { TEMPORARY_APP_NAME } from "../zitadel/project.ts";
import type { Facts, OrganizationFacts, ProjectFacts } from "./facts.ts";
import { type Finding, finding, problemFinding } from "./finding.ts";
import { oursOf } from "./judge_target.ts";
import { judgeMapping } from "./judge_mapping.ts";
import { nameOf } from "./names.ts";

/**
 * Judges the organizations: whether they may be read, their mapping, and
 * whether their projects and applications ever make ZITADEL send roles.
 */
export function judgeOrganizations(facts: Facts): Finding[] {
  const { organizations, organizationsLeft, clientId } = facts;
  if (organizations.problem) {
    return [problemFinding("not_checked", "warning", organizations.problem)];
  }
  const looked = organizations.value;
  return [
    ...judgeReadability(facts, looked),
    ...organizationsLeft > 0
      ? [
        finding(
          "not_checked",
          "note",
          `${organizationsLeft} more organizations were not looked at`,
          { fix: "deno task doctor --org ID" },
        ),
      ]
      : [],
    ...looked.flatMap((organization) => judgeOne(facts, organization)),
    ...clientId === undefined
      ? []
      : judgeClient(clientId, looked, facts.config.value?.applications),
  ];
}

function judgeReadability(
  { organizationsNamed, credential }: Facts,
  organizations: readonly OrganizationFacts[],
): Finding[] {
  if (credential?.value === undefined) {
    const seen = "whether the service user may read the organizations";
    const fix = "fix the credential first";
    return [finding("not_checked", "note", seen, { fix })];
  }
  const existing = organizations.filter(({ exists }) => exists !== false);
  if (organizations.length === 0) {
    return [finding("org_read", "broken", "no organization can be read")];
  }
  const hidden = existing.filter(({ metadata }) =>
    metadata?.problem?.reason === "missing_permission"
  );
  const isBroken = organizationsNamed || hidden.length === existing.length;
  return existing.map((organization) => {
    const { id, metadata } = organization;
    const where = { items: [nameOf(organization)], organizations: [id] };
    if (metadata?.value) return finding("org_read", "ok", "readable", where);
    const problem = metadata?.problem ?? { text: "not tried" };
    if (problem.reason !== "missing_permission") {
      return problemFinding("metadata", "broken", problem, where);
    }
    const fix = hidden.length === 1 ? problem.remedy : undefined;
    return finding(
      "org_read",
      isBroken ? "broken" : "warning",
      "not readable by the service user",
      { ...where, fix },
    );
  });
}

function judgeOne(facts: Facts, organization: OrganizationFacts): Finding[] {
  const { id, exists, projects } = organization;
  const name = nameOf(organization);
  if (exists === false) {
    const where = { items: [id] };
    return [finding("organization", "broken", "no such organization", where)];
  }
  return [
    ...projects?.problem
      ? [
        problemFinding("not_checked", "warning", projects.problem, {
          items: [name],
          why:
            "without its projects, roles cannot be compared with the mapping",
        }),
      ]
      : [],
    ...(projects?.value ?? []).flatMap((project) => [
      ...judgeLeftovers(project),
      ...judgeProject(facts, project),
    ]),
    ...judgeMapping(facts, organization),
  ];
}

/** What `deno task dev --create-app` left behind after a crash. */
function judgeLeftovers({ name, applications }: ProjectFacts): Finding[] {
  return applications
    .filter((it) => it.name.startsWith(TEMPORARY_APP_NAME))
    .map((it) =>
      finding(
        "leftover_application",
        "warning",
        "left by `deno task dev`, unless it is running",
        { items: [`${it.name} (${it.clientId}) of project ${name}`] },
      )
    );
}

function judgeProject(facts: Facts, project: ProjectFacts): Finding[] {
  const { id, assertsRoles, roles, applications } = project;
  const counts = facts.config.value?.projects?.has(id) ?? true;
  // ZITADEL's own console is an application with opaque tokens, and no roles.
  if (roles.length === 0 || !counts) return [];
  const byIntrospection = isBound(facts, "function/preuserinfo");
  const opaque = facts.clientId !== undefined
    ? []
    : applications.filter(({ accessTokens }) => accessTokens === "opaque");
  return [
    ...assertsRoles === false
      ? [
        finding("role_assertion", "warning", "not asserted by projects", {
          items: [nameOf(project)],
        }),
      ]
      : [],
    ...opaque.map(({ name, clientId }) =>
      finding(
        "opaque_tokens",
        byIntrospection ? "note" : "warning",
        "applications get opaque access tokens",
        { items: [`${name} (${clientId}) of project ${project.name}`] },
      )
    ),
  ];
}

function judgeClient(
  clientId: string,
  organizations: readonly OrganizationFacts[],
  listed: ReadonlySet<string> | undefined,
): Finding[] {
  const all = organizations.flatMap(({ projects }) => projects?.value ?? []);
  const project = all.find(({ applications }) =>
    applications.some((it) => it.clientId === clientId)
  );
  const application = project?.applications.find((it) =>
    it.clientId === clientId
  );
  if (!project || !application) {
    const seen =
      `${clientId} belongs to no project of the organizations looked at`;
    return [finding("client", "broken", seen)];
  }
  const text = `${application.name} (${clientId}) of project ${project.name}`;
  if (listed && !listed.has(clientId)) {
    const seen = `${text} is not listed, and its tokens get no permissions`;
    return [finding("applications", "broken", seen)];
  }
  return application.accessTokens === "opaque"
    ? [
      finding(
        "opaque_tokens",
        "broken",
        `${text} gets opaque access tokens`,
      ),
    ]
    : [finding("client", "ok", text)];
}

function isBound(facts: Facts, condition: string): boolean {
  const ours = oursOf(facts).map(({ id }) => id);
  return (facts.executions?.value ?? []).some((execution) =>
    execution.condition === condition &&
    execution.targets.some((id) => ours.includes(id))
  );
}
