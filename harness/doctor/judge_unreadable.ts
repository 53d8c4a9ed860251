import { problemOf } from "../roles/interpret_value.ts";
import { describeCorrection } from "../explain/describe_correction.ts";
import type { OrganizationFacts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";
import { nameOf } from "./names.ts";

const LATIN_1 = /Latin-1/;

/**
 * Judges the entries that cannot be read, and shows what they should be. Other
 * things than the mapping are kept in metadata too: what no role uses is a note.
 */
export function judgeUnreadable(
  organization: OrganizationFacts,
  used: ReadonlySet<string> | undefined,
): Finding[] {
  const metadata = organization.metadata?.value;
  if (metadata === undefined) return [];
  return metadata.mapping.unreadable.map((key) => {
    const value = metadata.entries.find((entry) => entry.key === key)?.value;
    const problem = problemOf(value) ?? "";
    const correction = value && describeCorrection(value);
    const isUsed = used?.has(key) ?? true;
    const isLatin1 = LATIN_1.test(problem);
    return finding(
      "unreadable_value",
      isUsed ? "broken" : "note",
      isLatin1
        ? "entries in Latin-1, as old consoles stored umlauts"
        : isUsed
        ? "entries that cannot be read"
        : "entries that cannot be read, and are of no role",
      {
        items: [
          `${key} in ${nameOf(organization)}: ${problem}${
            correction ? `. ${correction}` : ""
          }`,
        ],
        organizations: [organization.id],
        ...(isLatin1 && {
          fix:
            "save the value again in today's console (Organization > Metadata)\nor write it with `deno task setup --roles FILE`",
        }),
      },
    );
  });
}
