import { formatColumns } from "../cli/table.ts";
import { printable, tint } from "../cli/terminal.ts";
import { formatPermissions } from "./format_explanation.ts";
import type { UserExplanation } from "./explain_user.ts";

type Grant = UserExplanation["grants"][number];

/** Formats what a user's tokens hold; names come from outside. */
export function formatUser(
  { user, grants, permissions, why }: UserExplanation,
): string[] {
  const rows = grants.flatMap(rowsOf);
  const uncounted = grants.filter(({ why }) => why !== undefined);
  const requested = grants.filter(({ why, scopes }) => !why && scopes);
  return [
    `${user.isMachine ? "service user" : "user"} ${
      printable(user.loginName)
    } (${user.id}) of organization ${user.organization}`,
    ...rows.length > 0
      ? formatColumns([
        ["project", "granted by", "role", "entry", "permissions"],
        ...rows,
      ])
      : [],
    ...uncounted.map((grant) =>
      `  ${tint("warning", "does not count")}: ${
        describeGrant(grant)
      }: ${grant.why}`
    ),
    ...[...Map.groupBy(requested, ({ scopes }) => scopes)].map(
      ([scopes, its]) =>
        `  ${tint("warning", "must be requested")}: ${
          its.map(describeGrant).join("; ")
        }: scope "${scopes}"`,
    ),
    formatPermissions({ permissions, why }),
  ];
}

function rowsOf(
  { projectName, grantedByName, roles }: Grant,
): string[][] {
  return roles.map(({ role, key = "-", permissions, why }) => {
    const result = why ? `nothing: ${why}` : permissions.join(" ");
    return [projectName, grantedByName, role, key, result].map(printable);
  });
}

function describeGrant(grant: Grant): string {
  const { held, projectName, project, grantedByName, grantedBy } = grant;
  return printable(
    `${
      held.join(", ")
    } of ${projectName} (${project}), granted by ${grantedByName} (${grantedBy})`,
  );
}
