import { foldName } from "../../lib/config/claim_name.ts";
import { listComplementingActions } from "../zitadel/action_v1.ts";
import { answer } from "./answer.ts";
import type { Facts } from "./facts.ts";
import type { Report } from "./finding.ts";
import { lookAtEach } from "./gather_organizations.ts";
import { list, nameOf } from "./names.ts";

/**
 * Judges organizations' actions (Actions v1), which ZITADEL runs before the function.
 * One that names a claim of ours is taken to set it; others are listed, since a script
 * may build the name. An organization whose actions cannot be read hides no other.
 */
export async function judgeActions(facts: Facts, report: Report) {
  const { owner, config, all, named } = facts;
  if (!owner || !config.value) return;
  const claims = [config.value.claim, config.value.rolesClaim]
    .filter((name) => name !== undefined);
  // Also of those whose names look like ours, and the named ones first.
  const organizations = all.toSorted((a, b) =>
    Number(named.includes(b.id)) - Number(named.includes(a.id))
  );
  const { found, left } = await lookAtEach(
    organizations,
    async (organization) => ({
      organization,
      ...await answer(() => listComplementingActions(owner, organization.id)),
    }),
  );
  for (const { organization, value: actions, problem } of found) {
    const name = nameOf(organization);
    const organizations = [organization.id];
    if (problem) {
      const where = { items: [name], organizations };
      report("not_checked", "warning", problem.text, where);
    } else if (actions.length > 0) {
      const names = list(actions.map(({ name }) => name));
      const where = { items: [`${name}: ${names}`], organizations };
      const isNamed = actions.some(({ script }) =>
        claims.some((claim) => namesClaim(script, claim))
      );
      const seen = isNamed
        ? `actions that name ${claims.join(" or ")}`
        : "actions that do not name our claims";
      report("actions_v1", isNamed ? "broken" : "note", seen, where);
    }
  }
  if (left > 0) {
    const seen = `the actions of ${left} more organizations`;
    report("not_checked", "warning", seen, {
      why: "their administrators may have written actions that set our claims",
      fix: "name them with --org, in several runs",
    });
  }
}

/** An escape of JavaScript; other characters stand for themselves. */
const ESCAPE =
  /\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|(\r\n|[^]))/gi;
const IDENTIFIER_PART = "[\\p{ID_Continue}$]";

/**
 * Reports whether a script names a claim: as written, or as a word that servers
 * which compare leniently take for it, such as `Permissions`.
 */
export function namesClaim(script: string, claim: string): boolean {
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
