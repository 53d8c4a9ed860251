import { combineFindings } from "./combine_findings.ts";
import type { Facts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";
import { judgeActions } from "./judge_actions.ts";
import { judgeApplications } from "./judge_applications.ts";
import { judgeCustomers } from "./judge_customers.ts";
import { judgeFunction } from "./judge_function.ts";
import { judgeImpersonation } from "./judge_impersonation.ts";
import { judgeInstance } from "./judge_instance.ts";
import { judgeOrganizations } from "./judge_organizations.ts";
import { judgeProjects } from "./judge_projects.ts";
import { judgeRevocation } from "./judge_revocation.ts";
import { judgeTargets } from "./judge_target.ts";
import { judgeWriters } from "./mapping_writers.ts";
import { nameOf } from "./names.ts";

/** Judges everything that is known, the worst first. */
export function diagnose(facts: Facts): Finding[] {
  const findings = judgeInstance(facts);
  const isReachable = facts.health.value && facts.api === undefined;
  if (!isReachable) return combineFindings(findings);
  findings.push(
    ...judgeTargets(facts),
    ...judgeFunction(facts),
    ...judgeOrganizations(facts),
    ...judgeActions(facts),
    ...judgeCustomers(facts),
    ...judgeApplications(facts),
    ...judgeImpersonation(facts),
    ...judgeWriters(facts),
    ...judgeLeftovers(facts),
  );
  const isJudged = findings.some(({ check }) => check === "projects");
  if (!isJudged) findings.push(...judgeProjects(facts));
  findings.push(...judgeRevocation(facts, findings));
  return combineFindings(findings);
}

function judgeLeftovers({ leftovers }: Facts): Finding[] {
  const { organizations, users } = leftovers;
  const items = [
    ...organizations.map((it) => `organization ${nameOf(it)}`),
    ...users.map((it) => `user ${nameOf(it)} of ${nameOf(it.organization)}`),
  ];
  return items.length > 0
    ? [finding("leftover", "warning", "of earlier live checks", { items })]
    : [];
}
