import type { Facts, OrganizationFacts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";
import { haveSeveralOwners } from "./judge_projects.ts";
import { nameOf } from "./names.ts";

const DIGITS = /^[0-9]+$/;

/**
 * Judges which projects an organization's entries are for. Without PROJECTS,
 * a tenant's project can reach plain entries, and those that are qualified with
 * an id that is no number.
 */
export function judgeProjectIds(
  facts: Facts,
  organization: OrganizationFacts,
): Finding[] {
  const { config, projects } = facts;
  const mapping = organization.metadata?.value?.mapping;
  if (!mapping || !config.value || config.value.projects) return [];
  const name = nameOf(organization);
  const organizations = [organization.id];
  const ids = new Set(projects?.value?.projects.map(({ id }) => id));
  const claimable = [...mapping.qualified]
    .filter(([id]) => ids.has(id) && !DIGITS.test(id))
    .flatMap(([id, roles]) => [...roles.keys()].map((role) => `${id}:${role}`));
  const isFixed = config.value.metadataOrganization === organization.id;
  const qualified = new Set(
    [...mapping.qualified].filter(([id]) => ids.has(id) || DIGITS.test(id))
      .flatMap(([id, roles]) =>
        [...roles.keys()].map((role) => `${id}:${role}`)
      ),
  );
  const plain = [...mapping.plain].filter(([key, granted]) =>
    granted.length > 0 && !qualified.has(key)
  );
  return [
    ...claimable.map((key) =>
      finding(
        "claimable_entry",
        "broken",
        "entries that a tenant's role can reach, since PROJECTS is unset",
        { items: [`${key} in ${name}`], organizations },
      )
    ),
    // Elsewhere a customer's own users get what the customer's metadata says.
    ...isFixed && haveSeveralOwners(facts)
      ? plain.map(([key]) =>
        finding(
          "projects",
          "warning",
          "unset, and these entries count for every project, also for those of other organizations",
          { items: [key], organizations },
        )
      )
      : [],
  ];
}
