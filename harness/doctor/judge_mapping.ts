/**
 * Judges an organization's mapping against the roles that there are.
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import { shapePermissions } from "../../lib/claims/shape.ts";
import {
  knownProjects,
  permissionsOf,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { describeCorrection } from "../mapping/describe_correction.ts";
import { problemOf } from "../mapping/interpret_value.ts";
import { type CheckId, CHECKS } from "./checks.ts";
import type { FindingDetails, Level, Report } from "./finding.ts";
import type { Facts } from "./gather.ts";
import type {
  OrganizationFacts,
  ProjectFacts,
} from "./gather_organizations.ts";
import { count, inOrganization, list, nameOf } from "./names.ts";

/** A role that adds more than this to a token is pointed out, in bytes. */
const LARGE_ROLE_BYTES = 4_096;

const NO_PROJECT_WITH_ROLES = {
  why: "without a project that has these roles, no user can be granted one",
  fix:
    "create a project with these roles, or grant it to the organization (console: Projects > Roles, Grants); if PROJECTS is set, list the project there",
} as const;

const encoder = new TextEncoder();

/** A project as far as its roles are looked up in a mapping. */
type RoleSource = Pick<ProjectFacts, "id" | "name" | "roles">;

/** Reports what was seen of one thing in the organization. */
type Tell = (
  check: CheckId,
  level: Level,
  seen: string,
  item: string,
  details?: Pick<FindingDetails, "why" | "fix">,
) => void;

export function judgeMapping(
  facts: Facts,
  organization: OrganizationFacts,
  report: Report,
): void {
  const mapping = organization.metadata?.value?.mapping;
  const config = facts.config.value;
  if (config === undefined || mapping === undefined) return;
  const name = nameOf(organization);
  const tell: Tell = (check, level, seen, item, details) => {
    const where = inOrganization(organization, item);
    report(check, level, seen, { ...where, ...details });
  };
  const all = roleSources(facts, organization);
  const sources = all?.filter(({ id }) => config.projects?.has(id) ?? true);
  const withRoles = sources?.filter(({ roles }) => roles.length > 0);
  const roles = lookUpRoles(mapping, config, withRoles ?? []);
  const unmapped = roles.filter(({ permissions }) => permissions === undefined);
  for (const [project, them] of Map.groupBy(unmapped, (it) => it.project)) {
    const names = list(them.map(({ role }) => role));
    const item = `${names} of project ${nameOf(project)}, in ${name}`;
    tell("unmapped_role", "warning", "roles without an entry", item);
  }
  const granted = roles.filter(({ permissions }) => permissions !== undefined);
  const used = new Set(granted.map(({ key }) => key));
  judgeUnreadable(organization, sources && used, tell);
  for (const key of withRoles?.length ? mapping.plain.keys() : []) {
    if (used.has(key) || mapping.unreadable.includes(key)) continue;
    const item = `${key} in ${name}`;
    const owner = all?.find(({ id, roles }) =>
      roles.some((role) => role === key || `${id}:${role}` === key)
    );
    if (owner === undefined) {
      tell("unused_entry", "note", "entries that no role uses", item);
      continue;
    }
    const project = `project ${nameOf(owner)}`;
    const seen = `entries of roles of ${project}, which PROJECTS does not list`;
    tell("unused_entry", "warning", seen, item, {
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
    tell("shared_name", "warning", seen, `${role} in ${projects}`);
  }
  for (const role of granted) judgeSize(config, role, tell);
  const entries = count(mapping.plain.size, "entry", "entries");
  const item = `${entries} in ${name}`;
  if (mapping.plain.size === 0) {
    const level = withRoles?.length ? "warning" : "note";
    tell("mapping", level, "organizations without entries", name);
  } else if (granted.length > 0 || withRoles === undefined) {
    tell("mapping", "ok", "entries", item);
  } else if (withRoles.length > 0) {
    tell("mapping", "note", "entries, none of which is of a role", item);
  } else {
    const seen = "entries, and no project that has roles";
    tell("mapping", "note", seen, item, NO_PROJECT_WITH_ROLES);
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

/** Finds the entry that counts for each role, and its permissions, if there is one. */
function lookUpRoles(
  mapping: RoleMapping,
  { projects }: Config,
  sources: readonly RoleSource[],
) {
  const isKnown = knownProjects(projects, sources.map(({ id }) => id));
  return sources.flatMap((project) =>
    project.roles.map((role) => {
      const { id: projectId } = project;
      const isQualified = mapping.qualified.get(projectId)?.has(role);
      const key = isQualified ? `${projectId}:${role}` : role;
      const wanted = { projectId, role };
      const permissions = permissionsOf(mapping, wanted, isKnown);
      return { role, project, key, permissions };
    })
  );
}

function judgeSize(
  { shape }: Config,
  { key, project, permissions = [] }: ReturnType<typeof lookUpRoles>[number],
  tell: Tell,
): void {
  const { id } = project;
  const granted = [{ projectId: id, organization: id, permissions }];
  const { value, omitted } = shapePermissions(shape, granted);
  const bytes = encoder.encode(JSON.stringify(value)).length;
  if (bytes > LARGE_ROLE_BYTES) {
    const seen = "roles that add much to a token";
    tell("claim_size", "warning", seen, `${key}: ${bytes} bytes`);
  }
  if (omitted > 0) {
    const seen = "permissions with a space";
    tell("omitted_names", "warning", seen, `${omitted} of ${key}`);
  }
}

/**
 * Judges the entries that cannot be read, and shows what they should be. Other
 * things than the mapping are kept in metadata too: what no role uses is a note.
 */
function judgeUnreadable(
  organization: OrganizationFacts,
  used: ReadonlySet<string> | undefined,
  tell: Tell,
): void {
  const { mapping, entries } = organization.metadata!.value!;
  for (const key of mapping.unreadable) {
    const value = entries.find((entry) => entry.key === key)?.value;
    const problem = problemOf(value) ?? "";
    const correction = value && describeCorrection(value);
    const isUsed = used?.has(key) ?? true;
    let [seen, fix]: [string, string?] = isUsed
      ? ["entries that cannot be read"]
      : [
        "entries that cannot be read, and are of no role",
        CHECKS.unused_entry.fix,
      ];
    if (problem.includes("Latin-1")) {
      seen = "entries in Latin-1, as old consoles stored umlauts";
      fix =
        "save the value again in today's console (Organization > Metadata)\nor write it with `deno task setup --roles FILE`";
    }
    const text = [problem, correction].filter(Boolean).join(". ");
    const item = `${key} in ${nameOf(organization)}: ${text}`;
    const level = isUsed ? "broken" : "note";
    tell("unreadable_value", level, seen, item, { fix });
  }
}
