/**
 * Judges PROJECTS: what is listed, who owns it, and whether it should be set.
 *
 * @module
 */
import type { Facts, OrganizationFacts } from "./facts.ts";
import type { Report } from "./finding.ts";
import { nameOf } from "./names.ts";

/** More projects than that are not proposed for PROJECTS. */
const MAX_PROPOSED = 5;

const DIGITS = /^[0-9]+$/;

export function judgeProjects(facts: Facts, report: Report): void {
  const { config, projects, targets } = facts;
  if (config.value === undefined) return;
  if (config.value.projects === undefined) return judgeUnset(facts, report);
  if (projects === undefined) return;
  if (projects.problem) {
    return report("not_checked", "warning", projects.problem);
  }
  for (const id of config.value.projects) {
    const project = projects.value.projects.find((it) => it.id === id);
    if (project) {
      const items = [`${nameOf(project)} of ${nameOf(project.owner)}`];
      report("projects", "ok", "these count", { items });
    } else if (projects.value.isComplete && targets?.value) {
      report("projects", "broken", "no such project", {
        items: [id],
        why:
          "a tenant could create a project with this id, and its roles would count",
        fix: "correct or remove the id in PROJECTS",
      });
    } else {
      // Who is no IAM_OWNER does not see every project.
      const seen = "projects of PROJECTS whose owner could not be looked up";
      report("not_checked", "note", seen, {
        items: [id],
        why: "a tenant could create a project with an id that is listed",
        fix: "set ZITADEL_ADMIN_TOKEN to a token of IAM_OWNER",
      });
    }
  }
}

/** Judges what was deactivated: on ZITADEL's side that ends no grant. */
export function judgeDeactivated(facts: Facts, report: Report): void {
  const { config, projects, customers, deactivated } = facts;
  const { projects: counted, grantedBy } = config.value ?? {};
  const items = [
    ...deactivated.filter(({ id }) =>
      !grantedBy || grantedBy.has("user") || grantedBy.has(id)
    ).map((it) => `organization ${nameOf(it)}`),
    ...(projects?.value?.projects ?? [])
      .filter(({ id, isActive }) => !isActive && (counted?.has(id) ?? true))
      .map((it) => `project ${nameOf(it)}`),
    ...customers?.value?.deactivated ?? [],
  ];
  if (items.length === 0) return;
  const seen = "the grants of these still count";
  report("deactivated", "warning", seen, { items });
}

/** Whether that matters is judged with the entries that it concerns. */
function judgeUnset({ projects }: Facts, report: Report): void {
  const ids = projects?.value?.projects.map(({ id }) => id) ?? [];
  const fix = ids.length > 0 && ids.length <= MAX_PROPOSED
    ? `PROJECTS=${ids.join(",")}\nor those of them that are yours`
    : undefined;
  report("projects", "note", "unset: roles of every project count", { fix });
}

/**
 * Judges which projects an organization's entries are for. Without PROJECTS,
 * a tenant's project can reach plain entries, and those that are qualified with
 * an id that is no number.
 */
export function judgeProjectIds(
  { config, projects }: Facts,
  organization: OrganizationFacts,
  report: Report,
): void {
  const mapping = organization.metadata?.value?.mapping;
  if (!mapping || !config.value || config.value.projects) return;
  const organizations = [organization.id];
  const all = projects?.value?.projects ?? [];
  const ids = new Set(all.map(({ id }) => id));
  const owners = new Set(all.map(({ owner }) => owner.id));
  const qualified = new Set<string>();
  for (const [id, roles] of mapping.qualified) {
    for (const role of roles.keys()) {
      const key = `${id}:${role}`;
      if (ids.has(id) || DIGITS.test(id)) qualified.add(key);
      if (!ids.has(id) || DIGITS.test(id)) continue;
      const seen =
        "entries that a tenant's role can reach, since PROJECTS is unset";
      const items = [`${key} in ${nameOf(organization)}`];
      report("claimable_entry", "broken", seen, { items, organizations });
    }
  }
  // Elsewhere a customer's own users get what the customer's metadata says.
  const isFixed = config.value.metadataOrganization === organization.id;
  if (!isFixed || owners.size < 2) return;
  for (const [key, granted] of mapping.plain) {
    if (granted.length === 0 || qualified.has(key)) continue;
    const seen =
      "unset, and these entries count for every project, also for those of other organizations";
    report("projects", "warning", seen, { items: [key], organizations });
  }
}
