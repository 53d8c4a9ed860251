/**
 * Chooses how the live check gets its token: which role a throwaway user is given,
 * and where. Never the strongest: if no role has fewer permissions than another, a
 * role of the check's own, which no entry names, and so an empty claim.
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import {
  knownProjects,
  permissionsOf,
} from "../../lib/mapping/role_mapping.ts";
import { fixedBy } from "../mapping/mapping_organization.ts";
import { DEFAULT_MAPPING } from "../zitadel/scratch_organization.ts";
import type { OwnedProject } from "./facts.ts";
import type { Facts } from "./gather.ts";
import { checkName } from "./leftovers.ts";

/** A role that is granted, and where the user is created. */
export interface LiveRole {
  readonly role: string;
  readonly permissions: readonly string[];
  /** The user belongs to its owner; without one, to a new organization. */
  readonly project?: OwnedProject | undefined;
  /** The mapping of a new organization; without one, another's counts. */
  readonly mapping?: typeof DEFAULT_MAPPING;
}

/** The role of the default mapping that permits least. */
const DEFAULT_ROLE = "viewer";

/** @returns Why there is none, if there is none. */
export function chooseLiveRole(
  facts: Facts,
  config: Config,
): LiveRole | string {
  const { grantedBy } = config;
  const chosen = config.projects
    ? chooseOfProjects(facts, config, config.projects)
    : chooseEntry(facts, config);
  if (typeof chosen === "string" || !grantedBy) return chosen;
  // The user belongs to the organization that grants the role.
  const owner = chosen.project?.owner.id ?? "";
  return grantedBy.has("user") || grantedBy.has(owner)
    ? chosen
    : "a throwaway user's grant does not count, since GRANTED_BY lists neither user nor its organization";
}

/** Without PROJECTS a role of a new project counts: no project of others is touched. */
function chooseEntry(facts: Facts, config: Config): LiveRole | string {
  const fixed = fixedBy(config.metadataOrganization);
  if (fixed === undefined) {
    const permissions = DEFAULT_MAPPING[DEFAULT_ROLE]!;
    return { role: DEFAULT_ROLE, permissions, mapping: DEFAULT_MAPPING };
  }
  const mapping = mappingOf(facts, fixed);
  if (mapping === undefined) return "the mapping could not be read";
  const roles = [...mapping.plain].filter(([role]) => !role.includes(":"))
    .map(([role, permissions]) => ({ role, permissions }));
  return weakerOne(roles) ?? { role: checkName(), permissions: [] };
}

function chooseOfProjects(
  facts: Facts,
  config: Config,
  listed: ReadonlySet<string>,
): LiveRole | string {
  const projects = (facts.projects?.value?.projects ?? [])
    .filter(({ id }) => listed.has(id));
  const [first] = projects;
  if (first === undefined) return "no project of PROJECTS could be read";
  const isKnown = knownProjects(listed, projects.map(({ id }) => id));
  const roles = projects.flatMap((project) => {
    const { id: projectId, owner } = project;
    const fixed = fixedBy(config.metadataOrganization);
    const mapping = mappingOf(facts, fixed ?? owner.id);
    return (mapping ? project.roles : []).map((role) => {
      const wanted = { projectId, role };
      const permissions = permissionsOf(mapping!, wanted, isKnown) ?? [];
      return { role, permissions, project };
    });
  });
  return weakerOne(roles) ??
    { role: checkName(), permissions: [], project: first };
}

function mappingOf({ organizations }: Facts, organization: string) {
  return organizations.value?.find(({ id }) => id === organization)
    ?.metadata?.value?.mapping;
}

/** Returns the role with the fewest permissions, if it has some and another one has more. */
function weakerOne(roles: readonly LiveRole[]): LiveRole | undefined {
  const [weakest, ...others] = roles
    .filter(({ permissions }) => permissions.length > 0)
    .sort((a, b) => a.permissions.length - b.permissions.length);
  const strongest = others.at(-1)?.permissions.length ?? 0;
  return weakest && weakest.permissions.length < strongest
    ? weakest
    : undefined;
}
