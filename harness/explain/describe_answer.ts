import type { PermissionAnswer } from "./explain_permission.ts";

const VERDICTS: Readonly<Record<PermissionAnswer["kind"], string>> = {
  held: "yes",
  must_request: "only if the login requests the project's roles",
  not_counted: "no, the grant does not count",
  unreadable:
    "no, an entry that was probably meant to grant it cannot be read (deno task doctor)",
  missing_role:
    "no, only roles grant it that the user lacks, or that have another entry in the user's project",
  other_organization:
    "no, only mappings of other organizations grant it (METADATA_ORGANIZATION)",
  no_entry: "no, no entry grants it",
};

/** Puts the answer about a permission into words: yes or no, then the details. */
export function describeAnswer(answer: PermissionAnswer): string[] {
  const verdict = VERDICTS[answer.kind];
  if ("names" in answer) {
    const isGuess = answer.kind === "no_entry";
    const prefix = isGuess ? "the nearest name is " : "";
    return [verdict, ...answer.names.map((it) => prefix + it)];
  }
  const details = answer.by.map(({ held, project, grantedBy, why, scopes }) => {
    const reason = why ?? (scopes && `needs scope "${scopes}"`);
    const roles = `${held.join(", ")} of project ${project}`;
    return `${roles}, granted by ${grantedBy}${reason ? `: ${reason}` : ""}`;
  });
  return [verdict, ...details];
}
