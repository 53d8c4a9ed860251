/**
 * Judges an organization's mapping against the roles that there are.
 *
 * @module
 */
import { shapePermissions } from "../../lib/claims/shape.ts";
import {
  knownProjects,
  permissionsOf,
} from "../../lib/mapping/role_mapping.ts";
import { describeCorrection } from "../mapping/describe_correction.ts";
import { problemOf } from "../mapping/interpret_value.ts";
import { CHECKS } from "./checks.ts";
import type { Facts, OrganizationFacts } from "./facts.ts";
import type { FindingDetails, Report } from "./finding.ts";
import { judgeProjectIds } from "./judge_projects.ts";
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
interface RoleSource {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
}

interface RoleFacts {
  readonly role: string;
  readonly project: RoleSource;
  /** The entry that counts. */
  readonly key: string;
  /** `undefined` if there is no entry. */
  readonly permissions: readonly string[] | undefined;
}

export function judgeMapping(
  facts: Facts,
  organization: OrganizationFacts,
  report: Report,
): void {
  const mapping = organization.metadata?.value?.mapping;
  if (facts.config.value === undefined || mapping === undefined) return;
  const name = nameOf(organization);
  const where = (...items: string[]): FindingDetails => ({
    items,
    organizations: [organization.id],
  });
  const all = roleSources(facts, organization);
  const counted = facts.config.value.projects;
  const sources = all?.filter(({ id }) => counted?.has(id) ?? true);
  const withRoles = sources?.filter(({ roles }) => roles.length > 0);
  const roles = lookUpRoles(facts, organization, withRoles ?? []);
  const granted = roles.filter(({ permissions }) => permissions !== undefined);
  const used = new Set(granted.map(({ key }) => key));
  const unmapped = roles.filter(({ permissions }) => permissions === undefined);
  for (const [project, them] of Map.groupBy(unmapped, (it) => it.project)) {
    const names = list(them.map(({ role }) => role));
    const text = `${names} of project ${nameOf(project)}, in ${name}`;
    report("unmapped_role", "warning", "roles without an entry", where(text));
  }
  judgeUnreadable(organization, sources && used, report);
  for (const key of withRoles?.length ? mapping.plain.keys() : []) {
    if (used.has(key) || mapping.unreadable.includes(key)) continue;
    const items = where(`${key} in ${name}`);
    const owner = all?.find(({ id, roles }) =>
      roles.some((role) => role === key || `${id}:${role}` === key)
    );
    if (owner === undefined) {
      report("unused_entry", "note", "entries that no role uses", items);
      continue;
    }
    const seen = `entries of roles of project ${
      nameOf(owner)
    }, which PROJECTS does not list`;
    report("unused_entry", "warning", seen, {
      ...items,
      why: "roles of a project that PROJECTS does not list grant nothing",
      fix: `deno task setup --project ${owner.id}\nif its roles are to count`,
    });
  }
  const shared = granted.filter(({ role, key, permissions }) =>
    role === key && permissions?.length
  );
  for (const [role, them] of Map.groupBy(shared, (it) => it.role)) {
    if (them.length < 2) continue;
    const projects = them.map(({ project }) => project.name).join(", ");
    const seen = "roles of several projects share an entry";
    report("shared_name", "warning", seen, where(`${role} in ${projects}`));
  }
  judgeProjectIds(facts, organization, report);
  for (const role of granted) judgeSize(facts, role, where, report);
  const entries = count(mapping.plain.size, "entry", "entries");
  const found = where(`${entries} in ${name}`);
  if (mapping.plain.size === 0) {
    const level = withRoles?.length ? "warning" : "note";
    report("mapping", level, "organizations without entries", where(name));
  } else if (granted.length > 0 || withRoles === undefined) {
    report("mapping", "ok", "entries", found);
  } else if (withRoles.length > 0) {
    report("mapping", "note", "entries, none of which is of a role", found);
  } else {
    report("mapping", "note", "entries, and no project that has roles", {
      ...found,
      ...NO_PROJECT_WITH_ROLES,
    });
  }
}

/**
 * The projects whose roles meet this mapping, unless PROJECTS leaves them out. With
 * one fixed organization these are all of the instance; `undefined` if they could
 * not be seen.
 */
function roleSources(
  { config, projects }: Facts,
  organization: OrganizationFacts,
): readonly RoleSource[] | undefined {
  const isFixed = config.value?.metadataOrganization === organization.id;
  return isFixed && projects?.value
    ? projects.value.projects
    : organization.projects?.value;
}

function lookUpRoles(
  { config }: Facts,
  { metadata }: OrganizationFacts,
  sources: readonly RoleSource[],
): RoleFacts[] {
  const { mapping } = metadata!.value!;
  const ids = sources.map(({ id }) => id);
  const isKnown = knownProjects(config.value?.projects, ids);
  return sources.flatMap((project) =>
    project.roles.map((role) => {
      const { id: projectId } = project;
      const isQualified = mapping.qualified.get(projectId)?.has(role);
      return {
        role,
        project,
        key: isQualified ? `${projectId}:${role}` : role,
        permissions: permissionsOf(mapping, { projectId, role }, isKnown),
      };
    })
  );
}

function judgeSize(
  { config }: Facts,
  { key, project, permissions = [] }: RoleFacts,
  where: (...items: string[]) => FindingDetails,
  report: Report,
): void {
  const { value, omitted } = shapePermissions(config.value!.shape, [{
    projectId: project.id,
    organization: project.id,
    permissions,
  }]);
  const bytes = encoder.encode(JSON.stringify(value)).length;
  if (bytes > LARGE_ROLE_BYTES) {
    const seen = "roles that add much to a token";
    report("claim_size", "warning", seen, where(`${key}: ${bytes} bytes`));
  }
  if (omitted > 0) {
    const seen = "permissions with a space";
    report("omitted_names", "warning", seen, where(`${omitted} of ${key}`));
  }
}

/**
 * Judges the entries that cannot be read, and shows what they should be. Other
 * things than the mapping are kept in metadata too: what no role uses is a note.
 */
function judgeUnreadable(
  organization: OrganizationFacts,
  used: ReadonlySet<string> | undefined,
  report: Report,
): void {
  const { mapping, entries } = organization.metadata!.value!;
  for (const key of mapping.unreadable) {
    const value = entries.find((entry) => entry.key === key)?.value;
    const problem = problemOf(value) ?? "";
    const correction = value && describeCorrection(value);
    const isUsed = used?.has(key) ?? true;
    const isLatin1 = problem.includes("Latin-1");
    const seen = isLatin1
      ? "entries in Latin-1, as old consoles stored umlauts"
      : isUsed
      ? "entries that cannot be read"
      : "entries that cannot be read, and are of no role";
    const fix = isLatin1
      ? "save the value again in today's console (Organization > Metadata)\nor write it with `deno task setup --roles FILE`"
      : isUsed
      ? undefined
      : CHECKS.unused_entry.fix;
    const text = [problem, correction].filter(Boolean).join(". ");
    report("unreadable_value", isUsed ? "broken" : "note", seen, {
      items: [`${key} in ${nameOf(organization)}: ${text}`],
      organizations: [organization.id],
      fix,
    });
  }
}
