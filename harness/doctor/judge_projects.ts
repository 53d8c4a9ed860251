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
  const { config, projects, owner } = facts;
  if (config.value === undefined) return;
  if (config.value.projects === undefined) return judgeUnset(facts, report);
  if (projects === undefined) return;
  const { value: seen, problem } = projects;
  if (problem) return report("not_checked", "warning", problem);
  for (const id of config.value.projects) {
    const project = seen.projects.find((it) => it.id === id);
    if (project) {
      const items = [`${nameOf(project)} of ${nameOf(project.owner)}`];
      report("projects", "ok", "these count", { items });
    } else if (seen.isComplete && owner) {
      report("projects", "broken", "no such project", {
        items: [id],
        why:
          "a tenant could create a project with this id, and its roles would count",
        fix: "correct or remove the id in PROJECTS",
      });
    } else {
      // Who is no IAM_OWNER does not see every project.
      const text = "projects of PROJECTS whose owner could not be looked up";
      report("not_checked", "note", text, {
        items: [id],
        why: "a tenant could create a project with an id that is listed",
        fix: "set ZITADEL_ADMIN_TOKEN to a token of IAM_OWNER",
      });
    }
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
  report("projects", "note", "unset: roles of every project count", { fix });
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
  const organizations = [organization.id];
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
      "unset, and these entries count for every project, also for those of other organizations";
    report("projects", "warning", seen, { items: [key], organizations });
  }
  return reached.length > 0;
}
