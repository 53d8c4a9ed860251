import {
  knownProjects,
  permissionsOf,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import type { ProjectFacts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";

/** A role that adds more than this to a token is pointed out, in bytes. */
const LARGE_ROLE_BYTES = 4_096;

const encoder = new TextEncoder();

/** How many names are listed before the rest is only counted. */
const MAX_LISTED = 10;

/**
 * Judges a mapping against the roles that there are.
 *
 * @param organization The organization's name, for the texts.
 * @param mapping Its mapping.
 * @param projects Its projects and those granted to it.
 * @returns What was found.
 */
export function judgeMapping(
  organization: string,
  mapping: RoleMapping,
  projects: readonly ProjectFacts[],
): Finding[] {
  const findings: Finding[] = [];
  const add = (...it: Parameters<typeof finding>) =>
    findings.push(finding(...it));
  const used = new Set<string>();
  const sizes = new Map<string, number>();
  const isKnown = knownProjects(undefined, projects.map(({ id }) => id));
  const withRoles = projects.filter(({ roles }) => roles.length > 0);

  for (const { id, name, roles } of withRoles) {
    const missing: string[] = [];
    for (const role of roles) {
      const key = mapping.qualified.get(id)?.has(role) ? `${id}:${role}` : role;
      const permissions = permissionsOf(
        mapping,
        { projectId: id, role },
        isKnown,
      );
      if (permissions === undefined) missing.push(role);
      else {
        used.add(key);
        sizes.set(key, encoder.encode(JSON.stringify(permissions)).length);
      }
    }
    if (missing.length > 0) {
      add(
        "unmapped_role",
        "warning",
        `${list(missing)} of project ${name} (${id})`,
      );
    }
  }
  for (const { key, problem } of mapping.problems) {
    // Other things than the mapping are kept in metadata too.
    add(
      "unreadable_value",
      used.has(key) ? "broken" : "note",
      `${key}: ${problem}${used.has(key) ? "" : "; no role has this name"}`,
    );
  }
  const broken = new Set(mapping.problems.map(({ key }) => key));
  const unused = [...mapping.plain.keys()].filter((key) =>
    !used.has(key) && !broken.has(key)
  );
  if (unused.length > 0 && withRoles.length > 0) {
    add("unused_entry", "note", `${list(unused)} in ${organization}`);
  }
  for (const [role, names] of sharedNames(mapping, withRoles)) {
    add(
      "shared_name",
      "warning",
      `${role} in the projects ${names.join(", ")}`,
    );
  }

  const large = [...sizes].filter(([, bytes]) => bytes > LARGE_ROLE_BYTES);
  for (const [key, bytes] of large) {
    add("claim_size", "warning", `${key} adds ${bytes} bytes to a token`);
  }
  if (mapping.plain.size === 0) {
    add(
      "mapping",
      withRoles.length > 0 ? "warning" : "note",
      `${organization} has no entries`,
    );
  } else if (sizes.size === 0) {
    add(
      "mapping",
      "note",
      `${organization} has ${mapping.plain.size} entries; none is of a role`,
    );
  } else {
    const bySize = [...sizes].sort(([, a], [, b]) => b - a)
      .map(([key, bytes]) => `${key} ${bytes}`);
    add(
      "mapping",
      "ok",
      `${organization} maps ${sizes.size} roles; bytes in a token: ${
        list(bySize)
      }`,
    );
  }
  return findings;
}

/**
 * Points out the entries that name no project, and so count for all.
 *
 * @param organization The organization's name, for the texts.
 * @param mapping Its mapping.
 * @param level How bad that is here.
 * @returns What was found.
 */
export function judgePlainKeys(
  organization: string,
  mapping: RoleMapping,
  level: "note" | "warning",
): Finding[] {
  const plain = [...mapping.plain]
    .filter(([key, granted]) => granted.length > 0 && !/^[0-9]+:/.test(key))
    .map(([key]) => key);
  return plain.length > 0
    ? [finding("plain_key", level, `${list(plain)} in ${organization}`)]
    : [];
}

/** Roles of one name in several projects that get their meaning from one entry. */
function sharedNames(
  mapping: RoleMapping,
  projects: readonly ProjectFacts[],
): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { id, name, roles } of projects) {
    for (const role of roles) {
      if (mapping.qualified.get(id)?.has(role)) continue;
      if (!mapping.plain.get(role)?.length) continue;
      names.set(role, [...names.get(role) ?? [], name]);
    }
  }
  for (const [role, projects] of names) {
    if (projects.length < 2) names.delete(role);
  }
  return names;
}

function list(names: readonly string[]): string {
  const rest = names.length - MAX_LISTED;
  return names.slice(0, MAX_LISTED).join(", ") +
    (rest > 0 ? ` and ${rest} more` : "");
}
