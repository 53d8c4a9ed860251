import { formatColumns } from "../cli/columns.ts";
import { printable, tint } from "../cli/terminal.ts";
import type { UserExplanation, UserGrantExplanation } from "./explain_user.ts";
import { formatClaim } from "./format_explanation.ts";

/** Formats what a user's tokens hold; names come from outside. */
export function formatUser(
  { user, application, grants, permissions, claims, why, notes }:
    UserExplanation,
): string[] {
  const rows = grants.flatMap(rowsOf);
  const uncounted = grants.filter(({ why }) => why !== undefined);
  const requested = grants.filter(({ why, scopes }) => !why && scopes);
  const kind = user.isMachine ? "service user" : "user";
  return [
    `${kind} ${printable(user.loginName)} (${user.id}) of organization ${user.organization}`,
    ...application
      ? [`application ${printable(application.name)} of project ${printable(application.project.name)}`]
      : [],
    "",
    ...rows.length > 0
      ? formatColumns([
        ["project", "granted by", "role", "entry", "permissions"],
        ...rows,
      ])
      : [],
    ...uncounted.map((grant) =>
      `  ${tint("warning", "does not count")}: ${describeGrant(grant)}: ${grant.why}`
    ),
    ...[...Map.groupBy(requested, ({ scopes }) => scopes)].map(([scopes, its]) =>
      `  ${tint("faint", "must be requested")}: ${
        its.map(describeGrant).join("; ")
      }: scope "${scopes}"`
    ),
    "",
    permissions.length > 0
      ? `permissions  ${permissions.join(" ")}`
      : `${tint("warning", "no permissions")}${why ? `  ${why}` : ""}`,
    ...claims.map(formatClaim),
    ...notes.map((note) => `  ${tint("warning", "!")} ${printable(note)}`),
  ];
}

function rowsOf(
  { projectName, project, grantedByName, grantedBy, roles }:
    UserGrantExplanation,
): string[][] {
  return roles.map(({ role, key, permissions, why }) =>
    [
      projectName || project,
      grantedByName || grantedBy,
      role,
      key ?? "-",
      why ? `nothing: ${why}` : permissions.join(" "),
    ].map(printable)
  );
}

function describeGrant(
  { held, projectName, project, grantedByName, grantedBy }:
    UserGrantExplanation,
): string {
  const roles = held.length > 0 ? held.join(", ") : "no role";
  return printable(
    `${roles} of ${projectName} (${project}), granted by ${grantedByName} (${grantedBy})`,
  );
}
