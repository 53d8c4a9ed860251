/**
 * Judges the organizations: whether they may be read, their mapping, and whether their
 * projects and applications ever make ZITADEL send roles; and what PROJECTS and
 * APPLICATIONS say of them.
 *
 * @module
 */
import { type Application, TEMPORARY_APP_NAME } from "../zitadel/project.ts";
import { functionsOf, oursOf } from "./facts.ts";
import type { Report } from "./finding.ts";
import type { Facts } from "./gather.ts";
import type {
  OrganizationFacts,
  ProjectFacts,
} from "./gather_organizations.ts";
import { judgeMapping } from "./judge_mapping.ts";
import { inOrganization, nameOf } from "./names.ts";

/** More projects than that are not proposed for PROJECTS. */
const MAX_PROPOSED = 5;

const DIGITS = /^[0-9]+$/;

export function judgeOrganizations(facts: Facts, report: Report): void {
  const { organizationsLeft, options: { clientId } } = facts;
  const { value: organizations } = facts.organizations;
  if (organizations === undefined) return;
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
    const { metadata } = organization;
    const where = inOrganization(organization);
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
  project: { readonly name: string },
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

/** Judges PROJECTS: what is listed, who owns it, and whether it should be set. */
export function judgeProjects(facts: Facts, report: Report): void {
  const { config, projects } = facts;
  if (config.value === undefined) return;
  if (config.value.projects === undefined) return judgeUnset(facts, report);
  if (!projects?.value) return;
  for (const id of config.value.projects) {
    const project = projects.value.projects.find((it) => it.id === id);
    if (project) {
      const items = [`${nameOf(project)} of ${nameOf(project.owner)}`];
      report("projects", "ok", "these count", { items });
    } else reportUnknown(facts, "projects", id, report);
  }
}

/** Judges what APPLICATIONS lists, and what it leaves out. */
export function judgeApplications(facts: Facts, report: Report): void {
  const { applications: listed, projects } = facts.config.value ?? {};
  if (listed === undefined) return;
  if (facts.metadataApi === "management_v1") {
    const seen =
      "APPLICATIONS cannot work on v3, which does not name the application: no person gets permissions";
    const fix = "remove APPLICATIONS, and let every API check client_id";
    return report("applications", "broken", seen, { fix });
  }
  const value = facts.projects?.value;
  if (value === undefined) return;
  const found = new Set(value.applications.map(({ clientId }) => clientId));
  for (const id of listed.difference(found)) {
    reportUnknown(facts, "applications", id, report);
  }
  const listedFirst = value.applications.toSorted((a, b) =>
    Number(listed.has(b.clientId)) - Number(listed.has(a.clientId))
  );
  for (const application of listedFirst) {
    const { clientId, project } = application;
    const items = [describe(application, project)];
    const isOurs = projects?.has(project.id);
    if (!listed.has(clientId)) {
      if (!clientId || !isOurs) continue;
      const seen = "of projects that PROJECTS lists, and not listed themselves";
      report("applications", "note", seen, { items });
    } else if (isOurs ?? true) {
      report("applications", "ok", "these get permissions", { items });
    } else {
      const seen = "of projects that PROJECTS does not list";
      report("applications", "note", seen, {
        items,
        why:
          "its users get permissions of the listed projects if they request their audience",
        fix: "nothing, if that is meant; else remove it from APPLICATIONS",
      });
    }
  }
}

/** What it means that something is listed and does not exist. */
const UNKNOWN = {
  projects: {
    level: "broken",
    why:
      "a tenant could create a project with this id, and its roles would count",
  },
  applications: {
    level: "warning",
    why:
      "it was deleted, or is a typing error; service users need not be listed",
  },
} as const;

/** Reports an id that a setting lists and that was not found. */
function reportUnknown(
  { owner, projects }: Facts,
  check: keyof typeof UNKNOWN,
  id: string,
  report: Report,
): void {
  const { level, why } = UNKNOWN[check];
  const setting = check.toUpperCase();
  const items = [id];
  // Who is no IAM_OWNER does not see everything.
  if (projects?.value?.isComplete && owner) {
    const fix = `correct or remove the id in ${setting}`;
    const seen = `no such ${check.slice(0, -1)}`;
    report(check, level, seen, { items, why, fix });
  } else {
    const seen = `${check} of ${setting} that could not be looked up`;
    report("not_checked", "note", seen, { items, why });
  }
}

/** What was deactivated: on ZITADEL's side that ends no grant. */
export function reportDeactivated(item: string, report: Report): void {
  const seen = "the grants of these still count";
  report("deactivated", "warning", seen, { items: [item] });
}

/** Judges what was deactivated, except grants of projects. */
export function judgeDeactivated(facts: Facts, report: Report): void {
  const { config, projects, listed } = facts;
  const { projects: counted, grantedBy } = config.value ?? {};
  const gone = listed.filter(({ id, isActive }) =>
    isActive === false &&
    (!grantedBy || grantedBy.has("user") || grantedBy.has(id))
  );
  for (const it of gone) {
    reportDeactivated(`organization ${nameOf(it)}`, report);
  }
  for (const it of projects?.value?.projects ?? []) {
    if (it.isActive || !(counted?.has(it.id) ?? true)) continue;
    reportDeactivated(`project ${nameOf(it)}`, report);
  }
}

/** Judges the entries that a tenant's project can reach without PROJECTS. */
function judgeUnset(facts: Facts, report: Report): void {
  const all = facts.projects?.value?.projects ?? [];
  const ids = all.map(({ id }) => id);
  const organizations = facts.organizations.value ?? [];
  const isReached = organizations
    .map((it) => judgeReach(facts, it, new Set(ids), report)).includes(true);
  if (isReached) return;
  const fix = ids.length > 0 && ids.length <= MAX_PROPOSED
    ? `PROJECTS=${ids.join(",")}\nor those of them that are yours`
    : undefined;
  report(
    "projects",
    "note",
    "PROJECTS is unset: roles of every project count",
    { fix },
  );
}

/**
 * Judges which projects an organization's entries are for: a tenant's project can
 * reach those that are qualified with an id that is no number, and plain ones.
 * Reports whether there are such plain ones.
 */
function judgeReach(
  { config, projects }: Facts,
  organization: OrganizationFacts,
  ids: ReadonlySet<string>,
  report: Report,
): boolean {
  const mapping = organization.metadata?.value?.mapping;
  if (mapping === undefined) return false;
  const qualified = new Set<string>();
  for (const [id, roles] of mapping.qualified) {
    for (const role of roles.keys()) {
      const key = `${id}:${role}`;
      if (ids.has(id) || DIGITS.test(id)) qualified.add(key);
      if (!ids.has(id) || DIGITS.test(id)) continue;
      const seen =
        "entries that a tenant's role can reach, since PROJECTS is unset";
      const item = `${key} in ${nameOf(organization)}`;
      const where = inOrganization(organization, item);
      report("claimable_entry", "broken", seen, where);
    }
  }
  // Elsewhere a customer's own users get what the customer's metadata says.
  const owners = new Set(
    projects?.value?.projects.map(({ owner }) => owner.id),
  );
  const isFixed = config.value?.metadataOrganization === organization.id;
  if (!isFixed || owners.size < 2) return false;
  const reached = [...mapping.plain].filter(([key, granted]) =>
    granted.length > 0 && !qualified.has(key)
  );
  for (const [key] of reached) {
    const seen =
      "PROJECTS is unset, and these entries count for every project, also for those of other organizations";
    report("projects", "warning", seen, inOrganization(organization, key));
  }
  return reached.length > 0;
}
