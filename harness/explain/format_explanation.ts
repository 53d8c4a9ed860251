import { tint } from "../cli/terminal.ts";
import type { AddedClaim } from "../../lib/claims/reply.ts";
import type { Explanation, GrantExplanation } from "./explain.ts";

/** Formats an explanation as lines; names of roles and projects come from outside. */
export function formatExplanation(
  { call, grants, permissions, claims, why }: Explanation,
): string[] {
  return [
    tint("strong", call),
    // If nothing counts, no grant has more to say.
    ...why ? [] : grants.flatMap(formatGrant),
    "",
    formatPermissions({ permissions, why }),
    ...claims.map(formatClaim),
  ];
}

/** Formats what a token gets, or why it gets nothing. */
export function formatPermissions(
  { permissions, why }: Pick<Explanation, "permissions" | "why">,
): string {
  return permissions.length > 0
    ? `permissions  ${permissions.join(" ")}`
    : `${tint("warning", "no permissions")}${why ? `  ${why}` : ""}`;
}

function formatClaim(
  { name, value, omitted, replaced }: AddedClaim,
): string {
  const notes = [
    omitted > 0 ? `${omitted} left out: this shape cannot carry them` : "",
    replaced ? "replaces an earlier target's value of another shape" : "",
  ].filter(Boolean).map((note) => `  ${tint("warning", note)}`);
  return `claim        ${name} = ${JSON.stringify(value)}${notes.join("")}`;
}

function formatGrant(
  { project, grantedBy, organization, roles, why }: GrantExplanation,
): string[] {
  const title =
    `grant of project ${project} by ${grantedBy}, mapping of ${organization}`;
  const nothing = tint("warning", "nothing");
  const width = Math.max(...roles.map(({ role }) => role.length));
  return [
    "",
    title,
    ...why ? [`  ${nothing}: ${why}`] : [],
    ...roles.map(({ role, key, permissions, why }) => {
      const name = role.padEnd(width);
      if (why) return `  ${name}  ${nothing}: ${why}`;
      const entry = key === role ? "" : `  (entry ${String(key)})`;
      return `  ${name}  ${permissions.join(" ")}${tint("faint", entry)}`;
    }),
  ];
}
