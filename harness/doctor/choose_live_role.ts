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
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { fixedBy } from "../mapping/mapping_organization.ts";
import { DEFAULT_MAPPING } from "../zitadel/scratch_organization.ts";
import type { Facts, OwnedProject } from "./facts.ts";
import { checkName } from "./leftovers.ts";

/** A role that is granted. */
export interface LiveRole {
  readonly role: string;
  readonly permissions: readonly string[];
}

/** Where the user is created. */
export type LivePlace =
  /** A new organization, whose metadata has the mapping unless another's counts. */
  | {
    readonly kind: "organization";
    readonly granted: LiveRole;
    readonly mapping: Readonly<Record<string, readonly string[]>>;
  }
  /** The organization that owns a real project. */
  | {
    readonly kind: "project";
    readonly granted: LiveRole;
    readonly project: OwnedProject;
  };

/** What the live check does. */
export type LiveChoice =
  | LivePlace
  | { readonly kind: "none"; readonly why: string };

/** The role of the default mapping that permits least. */
const DEFAULT_ROLE = "viewer";

export function chooseLiveRole(facts: Facts, config: Config): LiveChoice {
  const choice = chooseOfAll(facts, config);
  const { grantedBy } = config;
  // The user belongs to the organization that grants the role.
  const counts = grantedBy === undefined || grantedBy.has("user") ||
    choice.kind === "project" && grantedBy.has(choice.project.owner.id);
  return counts || choice.kind === "none" ? choice : none(
    "a throwaway user's grant does not count, since GRANTED_BY lists neither user nor its organization",
  );
}

function chooseOfAll(facts: Facts, config: Config): LiveChoice {
  const fixed = fixedBy(config.metadataOrganization);
  if (config.projects) return chooseOfProjects(facts, config);
  if (fixed === undefined) {
    const permissions = DEFAULT_MAPPING[DEFAULT_ROLE]!;
    const granted = { role: DEFAULT_ROLE, permissions };
    return { kind: "organization", granted, mapping: DEFAULT_MAPPING };
  }
  const mapping = mappingOf(facts, fixed);
  if (mapping === undefined) return none("the mapping could not be read");
  const plain = [...mapping.plain]
    .filter(([role, granted]) => !role.includes(":") && granted.length > 0)
    .map(([role, permissions]) => ({ role, permissions }));
  const granted = weakerOne(plain);
  if (granted) return { kind: "organization", granted, mapping: {} };
  const ofProject = chooseOfProjects(facts, config);
  return ofProject.kind === "project" && ofProject.granted.permissions.length
    ? ofProject
    : { kind: "organization", granted: ownRole(), mapping: {} };
}

/** Chooses a role that a real project has: the one that permits least. */
function chooseOfProjects(facts: Facts, config: Config): LiveChoice {
  const fixed = fixedBy(config.metadataOrganization);
  const { projects: listed } = config;
  if (!facts.projects?.value) return none("the projects could not be read");
  const projects = facts.projects.value.projects
    .filter(({ id }) => listed === undefined || listed.has(id));
  const isKnown = knownProjects(listed, projects.map(({ id }) => id));
  const candidates = projects.flatMap((project) => {
    const { id: projectId, owner } = project;
    const mapping = mappingOf(facts, fixed ?? owner.id);
    if (mapping === undefined) return [];
    return project.roles.flatMap((role) => {
      const permissions = permissionsOf(mapping, { projectId, role }, isKnown);
      return permissions?.length ? [{ role, permissions, project }] : [];
    });
  });
  const chosen = weakerOne(candidates);
  if (chosen) {
    const { project, ...granted } = chosen;
    return { kind: "project", granted, project };
  }
  const [project] = projects;
  return project
    ? { kind: "project", granted: ownRole(), project }
    : none("no project of PROJECTS could be read");
}

function ownRole(): LiveRole {
  return { role: checkName(), permissions: [] };
}

/** Returns the role with the fewest permissions, if another one has more. */
function weakerOne<T extends LiveRole>(roles: readonly T[]): T | undefined {
  const sorted = roles.toSorted((a, b) =>
    a.permissions.length - b.permissions.length
  );
  const [weakest, strongest] = [sorted.at(0), sorted.at(-1)];
  return weakest && strongest &&
      weakest.permissions.length < strongest.permissions.length
    ? weakest
    : undefined;
}

function mappingOf(
  facts: Facts,
  organization: string,
): RoleMapping | undefined {
  return facts.organizations.value
    ?.find(({ id }) => id === organization)?.metadata?.value?.mapping;
}

function none(why: string): LiveChoice {
  return { kind: "none", why };
}
