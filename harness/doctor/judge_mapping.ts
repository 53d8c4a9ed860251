import { shapePermissions } from "../../lib/claims/shape.ts";
import type { Config } from "../../lib/config/settings.ts";
import {
  knownProjects,
  permissionsOf,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import type { Facts, OrganizationFacts } from "./facts.ts";
import { type Finding, finding, type FindingDetails } from "./finding.ts";
import { judgeProjectIds } from "./judge_project_ids.ts";
import { judgeUnreadable } from "./judge_unreadable.ts";
import { count, list, nameOf } from "./names.ts";

/** A role that adds more than this to a token is pointed out, in bytes. */
const LARGE_ROLE_BYTES = 4_096;

const NO_PROJECT_WITH_ROLES = {
  why: "without a project that has these roles, no user can be granted one",
  fix:
    "create a project with these roles, or grant it to the organization (console: Projects > Roles, Grants); if PROJECTS is set, list the project there",
} as const;

const encoder = new TextEncoder();

/** A project as far as its roles are looked up in a mapping. */
export interface RoleSource {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
}

/** Judges an organization's mapping against the roles that there are. */
export function judgeMapping(
  facts: Facts,
  organization: OrganizationFacts,
): Finding[] {
  const config = facts.config.value;
  const metadata = organization.metadata?.value;
  if (config === undefined || metadata === undefined) return [];
  const { mapping } = metadata;
  const name = nameOf(organization);
  const where = (...items: string[]): FindingDetails => ({
    items,
    organizations: [organization.id],
  });
  const sources = roleSources(facts, organization);
  const withRoles = sources?.filter(({ roles }) => roles.length > 0);
  const roles = lookUpRoles(mapping, withRoles ?? [], config);
  const granted = roles.filter(({ permissions }) => permissions !== undefined);
  const used = new Set(granted.map(({ key }) => key));
  return [
    ...judgeUnmapped(roles, name, where),
    ...judgeUnreadable(organization, sources && used),
    ...judgeUnused(mapping, withRoles, used)
      .map((key) =>
        finding(
          "unused_entry",
          "note",
          "entries that no role uses",
          where(`${key} in ${name}`),
        )
      ),
    ...sharedNames(mapping, withRoles ?? []).map(([role, projects]) =>
      finding(
        "shared_name",
        "warning",
        "roles of several projects share an entry",
        where(`${role} in ${projects.join(", ")}`),
      )
    ),
    ...judgeProjectIds(facts, organization),
    ...judgeSizes(granted, config, where),
    judgeExtent(mapping, { name, withRoles, granted, where }),
  ];
}

/**
 * The projects whose roles meet this mapping. With one fixed organization these
 * are all of the instance; `undefined` if they could not be seen.
 */
function roleSources(
  { config, projects }: Facts,
  organization: OrganizationFacts,
): readonly RoleSource[] | undefined {
  const isFixed = config.value?.metadataOrganization === organization.id;
  const all = isFixed && projects?.value
    ? projects.value.projects
    : organization.projects?.value;
  const listed = config.value?.projects;
  return all?.filter(({ id }) => listed === undefined || listed.has(id));
}

interface RoleFacts {
  readonly role: string;
  readonly project: RoleSource;
  /** The entry that counts. */
  readonly key: string;
  /** `undefined` if there is no entry. */
  readonly permissions: readonly string[] | undefined;
}

function lookUpRoles(
  mapping: RoleMapping,
  sources: readonly RoleSource[],
  { projects }: Config,
): RoleFacts[] {
  const isKnown = knownProjects(projects, sources.map(({ id }) => id));
  return sources.flatMap((project) =>
    project.roles.map((role) => ({
      role,
      project,
      key: mapping.qualified.get(project.id)?.has(role)
        ? `${project.id}:${role}`
        : role,
      permissions: permissionsOf(
        mapping,
        { projectId: project.id, role },
        isKnown,
      ),
    }))
  );
}

type Where = (...items: string[]) => FindingDetails;

function judgeUnmapped(
  roles: readonly RoleFacts[],
  name: string,
  where: Where,
): Finding[] {
  const missing = roles.filter(({ permissions }) => permissions === undefined);
  const byProject = Map.groupBy(missing, ({ project }) => project);
  return [...byProject].map(([project, roles]) => {
    const names = list(roles.map(({ role }) => role));
    const text = `${names} of project ${nameOf(project)}, in ${name}`;
    return finding("unmapped_role", "warning", "roles without an entry", {
      ...where(text),
    });
  });
}

function judgeUnused(
  mapping: RoleMapping,
  withRoles: readonly RoleSource[] | undefined,
  used: ReadonlySet<string>,
): string[] {
  if (!withRoles?.length) return [];
  const broken = new Set(mapping.unreadable);
  return [...mapping.plain.keys()].filter((key) =>
    !used.has(key) && !broken.has(key)
  );
}

function judgeSizes(
  granted: readonly RoleFacts[],
  { shape }: Config,
  where: Where,
): Finding[] {
  return granted.flatMap(({ key, project, permissions = [] }) => {
    const { value, omitted } = shapePermissions(shape, [{
      projectId: project.id,
      organization: project.id,
      permissions,
    }]);
    const bytes = encoder.encode(JSON.stringify(value)).length;
    return [
      ...bytes > LARGE_ROLE_BYTES
        ? [
          finding(
            "claim_size",
            "warning",
            "roles that add much to a token",
            where(`${key}: ${bytes} bytes`),
          ),
        ]
        : [],
      ...omitted > 0
        ? [
          finding(
            "omitted_names",
            "warning",
            "permissions with a space",
            where(`${omitted} of ${key}`),
          ),
        ]
        : [],
    ];
  });
}

function judgeExtent(
  mapping: RoleMapping,
  { name, withRoles, granted, where }: {
    readonly name: string;
    readonly withRoles: readonly RoleSource[] | undefined;
    readonly granted: readonly RoleFacts[];
    readonly where: Where;
  },
): Finding {
  if (mapping.plain.size === 0) {
    return finding(
      "mapping",
      withRoles?.length ? "warning" : "note",
      "organizations without entries",
      where(name),
    );
  }
  const entries = count(mapping.plain.size, "entry", "entries");
  if (granted.length > 0 || withRoles === undefined) {
    return finding("mapping", "ok", "entries", where(`${entries} in ${name}`));
  }
  const found = where(`${entries} in ${name}`);
  return withRoles.length > 0
    ? finding("mapping", "note", "entries, none of which is of a role", found)
    : finding("mapping", "note", "entries, and no project that has roles", {
      ...found,
      ...NO_PROJECT_WITH_ROLES,
    });
}

/** Roles of one name in several projects that get their meaning from one entry. */
function sharedNames(
  mapping: RoleMapping,
  projects: readonly RoleSource[],
): [role: string, projects: string[]][] {
  const names = new Map<string, string[]>();
  for (const { id, name, roles } of projects) {
    for (const role of roles) {
      if (mapping.qualified.get(id)?.has(role)) continue;
      if (!mapping.plain.get(role)?.length) continue;
      names.set(role, [...names.get(role) ?? [], name]);
    }
  }
  return [...names].filter(([, projects]) => projects.length > 1);
}
