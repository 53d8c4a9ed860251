import { foldName } from "../../lib/config/claim_name.ts";
import type { Facts, OrganizationActions } from "./facts.ts";
import { type Finding, finding, type FindingDetails } from "./finding.ts";
import { list, nameOf } from "./names.ts";

/**
 * Judges organizations' actions (Actions v1), which ZITADEL runs before the
 * function. One that names a claim of ours is taken to set it; others are
 * listed, since a script may build the name.
 */
export function judgeActions({ actions, config }: Facts): Finding[] {
  if (actions === undefined || config.value === undefined) return [];
  const { claim, rolesClaim } = config.value;
  const claims = rolesClaim === undefined ? [claim] : [claim, rolesClaim];
  const { looked, unread, left } = actions;
  const isNamed = ({ actions }: OrganizationActions) =>
    actions.some(({ script }) => claims.some((name) => names(script, name)));
  const named = looked.filter(isNamed);
  const others = looked.filter((it) => !isNamed(it));
  const findings: Finding[] = [];
  if (named.length > 0) {
    const seen = `actions that name ${claims.join(" or ")}`;
    findings.push(finding("actions_v1", "broken", seen, detailsOf(named)));
  }
  if (others.length > 0) {
    const seen = "actions that do not name our claims";
    findings.push(finding("actions_v1", "note", seen, detailsOf(others)));
  }
  for (const { organization, problem } of unread) {
    findings.push(finding("not_checked", "warning", problem.text, {
      items: [nameOf(organization)],
      organizations: [organization.id],
    }));
  }
  if (left > 0) {
    const seen = `the actions of ${left} more organizations`;
    findings.push(finding("not_checked", "warning", seen, {
      why: "their administrators may have written actions that set our claims",
      fix: "name them with --org, in several runs",
    }));
  }
  return findings;
}

function detailsOf(
  organizations: readonly OrganizationActions[],
): FindingDetails {
  return {
    items: organizations.map(({ organization, actions }) =>
      `${nameOf(organization)}: ${list(actions.map(({ name }) => name))}`
    ),
    organizations: organizations.map(({ organization }) => organization.id),
  };
}

/** An escape of JavaScript; other characters stand for themselves. */
const ESCAPE =
  /\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|(\r\n|[^]))/gi;
const IDENTIFIER_PART = "[\\p{ID_Continue}$]";

/**
 * Reports whether a script names a claim: as written, or as a word that servers
 * which compare leniently take for it, such as `Permissions`.
 */
function names(script: string, claim: string): boolean {
  const text = script.replace(ESCAPE, (_, braced, four, two, other = "") => {
    const code = parseInt(braced ?? four ?? two, 16);
    if (Number.isNaN(code)) {
      return "bfnrtv0".includes(other) ? " " : other.trim();
    }
    return code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
  const word = RegExp.escape(foldName(claim));
  return script.includes(claim) || text.includes(claim) ||
    new RegExp(`(?<!${IDENTIFIER_PART})${word}(?!${IDENTIFIER_PART})`, "u")
      .test(foldName(text));
}
