/**
 * Judges the organizations: whether they may be read, their mapping, and
 * whether their projects and applications ever make ZITADEL send roles.
 *
 * @module
 */
import { type Application, TEMPORARY_APP_NAME } from "../zitadel/project.ts";
import type { Facts, OrganizationFacts, ProjectFacts } from "./facts.ts";
import type { Report } from "./finding.ts";
import { judgeMapping } from "./judge_mapping.ts";
import { functionsOf, oursOf } from "./judge_targets.ts";
import { nameOf } from "./names.ts";

export function judgeOrganizations(facts: Facts, report: Report): void {
  const { organizationsLeft, options: { clientId } } = facts;
  const { value: organizations, problem } = facts.organizations;
  if (problem) return report("not_checked", "warning", problem);
  judgeReadability(facts, organizations, report);
  if (organizationsLeft > 0) {
    const seen = `${organizationsLeft} more organizations were not looked at`;
    report("not_checked", "note", seen, { fix: "deno task doctor --org ID" });
  }
  for (const organization of organizations) {
    judgeOrganization(facts, organization, report);
  }
  if (clientId !== undefined) judgeClient(clientId, facts, report);
}

function judgeReadability(
  { named, credential }: Facts,
  organizations: readonly OrganizationFacts[],
  report: Report,
): void {
  if (credential?.value === undefined) {
    const seen = "whether the service user may read the organizations";
    const fix = "fix the credential first";
    return report("not_checked", "note", seen, { fix });
  }
  if (organizations.length === 0) {
    return report("org_read", "broken", "no organization can be read");
  }
  const existing = organizations.filter(({ isMissing }) => !isMissing);
  const hidden = existing.filter(({ metadata }) =>
    metadata?.problem?.reason === "missing_permission"
  );
  const isBroken = named.length > 0 || hidden.length === existing.length;
  for (const organization of existing) {
    const { id, metadata } = organization;
    const where = { items: [nameOf(organization)], organizations: [id] };
    if (!metadata?.problem) report("org_read", "ok", "readable", where);
    else if (hidden.includes(organization)) {
      const fix = hidden.length === 1 ? metadata.problem.remedy : undefined;
      const level = isBroken ? "broken" : "warning";
      const seen = "not readable by the service user";
      report("org_read", level, seen, { ...where, fix });
    } else report("metadata", "broken", metadata.problem, where);
  }
}

function judgeOrganization(
  facts: Facts,
  organization: OrganizationFacts,
  report: Report,
): void {
  const { id, isMissing, projects } = organization;
  if (isMissing) {
    const items = [id];
    return report("organization", "broken", "no such organization", { items });
  }
  if (projects?.problem) {
    report("not_checked", "warning", projects.problem, {
      items: [nameOf(organization)],
      why: "without its projects, roles cannot be compared with the mapping",
    });
  }
  for (const project of projects?.value ?? []) {
    judgeProject(facts, project, report);
  }
  judgeMapping(facts, organization, report);
}

function judgeProject(facts: Facts, project: ProjectFacts, report: Report) {
  const { id, assertsRoles, roles, applications } = project;
  // What `deno task dev --create-app` left behind after a crash.
  for (const it of applications) {
    if (!it.name.startsWith(TEMPORARY_APP_NAME)) continue;
    const seen = "left by `deno task dev`, unless it is running";
    const items = [describe(it, project)];
    report("leftover_application", "warning", seen, { items });
  }
  const counts = facts.config.value?.projects?.has(id) ?? true;
  // ZITADEL's own console is an application with opaque tokens, and no roles.
  if (roles.length === 0 || !counts) return;
  if (assertsRoles === false) {
    const items = [nameOf(project)];
    report("role_assertion", "warning", "not asserted by projects", { items });
  }
  if (facts.options.clientId !== undefined) return;
  for (const it of applications) {
    if (it.accessTokens !== "opaque") continue;
    const seen = "applications get opaque access tokens";
    const items = [describe(it, project)];
    const fix = opaqueFix(facts);
    report("opaque_tokens", fix ? "note" : "warning", seen, { items, fix });
  }
}

function describe(
  { name, clientId }: Application,
  project: ProjectFacts,
): string {
  return `${name} (${clientId}) of project ${project.name}`;
}

/** Opaque tokens are no fault if their introspection is answered with permissions. */
function opaqueFix(facts: Facts): string | undefined {
  return functionsOf(facts, oursOf(facts)).includes("function/preuserinfo")
    ? "ask by introspection, which preuserinfo is bound for"
    : undefined;
}

function judgeClient(clientId: string, facts: Facts, report: Report): void {
  const { organizations, config } = facts;
  const projects = (organizations.value ?? [])
    .flatMap(({ projects }) => projects?.value ?? []);
  for (const project of projects) {
    const found = project.applications.find((it) => it.clientId === clientId);
    if (found === undefined) continue;
    const text = describe(found, project);
    if (!(config.value?.applications?.has(clientId) ?? true)) {
      const seen = `${text} is not listed, and its tokens get no permissions`;
      report("applications", "broken", seen);
    } else if (found.accessTokens === "opaque") {
      const seen = `${text} gets opaque access tokens`;
      const fix = opaqueFix(facts);
      report("opaque_tokens", fix ? "note" : "broken", seen, { fix });
    } else report("client", "ok", text);
    return;
  }
  const seen =
    `${clientId} belongs to no project of the organizations looked at`;
  report("client", "broken", seen);
}
