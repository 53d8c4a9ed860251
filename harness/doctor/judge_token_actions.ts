import type { Facts, OrganizationActions } from "./facts.ts";
import { type Finding, finding, problemFinding } from "./finding.ts";
import { oursOf } from "./judge_target.ts";
import { nameOf } from "./names.ts";

/**
 * Judges organizations' actions (Actions v1), which ZITADEL runs before the
 * function. One that names a claim of ours is taken to set it; others are
 * named, since a script may build the name.
 */
export function judgeTokenActions(facts: Facts): Finding[] {
  const { tokenActions } = facts;
  const config = facts.config.value;
  if (tokenActions === undefined || config === undefined) return [];
  if (tokenActions.problem) {
    return [problemFinding("not_checked", "note", tokenActions.problem)];
  }
  const claims = [config.claim, config.rolesClaim].filter((name) =>
    name !== undefined
  );
  const isNamed = ({ actions }: OrganizationActions) =>
    actions.some(({ script }) => claims.some((name) => script.includes(name)));
  const stops = oursOf(facts).some(({ interruptOnError }) => interruptOnError);
  const named = tokenActions.value.filter(isNamed);
  const others = tokenActions.value.filter((it) => !isNamed(it));
  return [
    ...named.length === 0 ? [] : [
      finding(
        "actions_v1",
        stops ? "warning" : "broken",
        `actions that name ${claims.join(" or ")}: ${
          stops
            ? "if they set it, their users' logins fail"
            : "if they set it, ZITADEL issues their value instead of ours"
        }`,
        detailsOf(named),
      ),
    ],
    ...others.length === 0 ? [] : [
      finding(
        "actions_v1",
        "note",
        "actions that run before the function and do not name its claims",
        detailsOf(others),
      ),
    ],
  ];
}

function detailsOf(organizations: readonly OrganizationActions[]) {
  return {
    items: organizations.map(({ organization, actions }) =>
      `${actions.map(({ name }) => name).join(", ")} of ${nameOf(organization)}`
    ),
    organizations: organizations.map(({ organization }) => organization.id),
  };
}
