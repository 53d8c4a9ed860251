import type { PermissionAnswer, PermissionSource } from "./explain_permission.ts";

/** Puts the answer about a permission into lines, the first of which says yes or no. */
export function describeAnswer(
  permission: string,
  answer: PermissionAnswer,
): string[] {
  switch (answer.kind) {
    case "held":
      return [`${permission}: yes`, ...answer.by.map((it) => `by ${origin(it)}`)];
    case "must_request":
      return [
        `${permission}: only if the login requests the project's roles`,
        ...answer.by.map((it) => `by ${origin(it)}, with scope "${it.scopes}"`),
      ];
    case "not_counted":
      return [
        `${permission}: no, the grant does not count`,
        ...answer.by.map((it) => `${origin(it)}: ${it.why}`),
      ];
    case "unreadable":
      return [
        `${permission}: no, an entry that cannot be read was probably meant to grant it`,
        ...answer.keys.map((key) => `entry ${key} (deno task doctor)`),
      ];
    case "missing_role":
      return [
        `${permission}: no, the user lacks the role`,
        ...answer.entries.map(({ key, overriddenIn }) =>
          overriddenIn.length > 0
            ? `entry ${key} grants it, but in ${overriddenIn.join(", ")} the project's own entry counts`
            : `entry ${key} grants it`
        ),
      ];
    case "other_organization":
      return [
        `${permission}: no, only the mapping of another organization grants it`,
        ...answer.organizations.map((id) => `organization ${id}, see METADATA_ORGANIZATION`),
      ];
    case "no_entry":
      return [
        `${permission}: no, no entry grants it`,
        ...answer.nearest === undefined
          ? []
          : [`did you mean ${answer.nearest}?`],
      ];
  }
}

function origin({ role, project, grantedBy }: PermissionSource): string {
  return `role ${role} of project ${project}, granted by ${grantedBy}`;
}
