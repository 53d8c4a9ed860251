import type { Facts } from "./facts.ts";
import {
  collect,
  combineFindings,
  type Finding,
  type Report,
} from "./finding.ts";
import {
  judgeActions,
  judgeApplications,
  judgeCustomers,
} from "./judge_customers.ts";
import { judgeDeno } from "./judge_deno.ts";
import { judgeFunction, judgeLockOut } from "./judge_function.ts";
import { judgeImpersonation, judgeInstance } from "./judge_instance.ts";
import { judgeOrganizations } from "./judge_organizations.ts";
import { judgeDeactivated, judgeProjects } from "./judge_projects.ts";
import { judgeRevocation } from "./judge_revocation.ts";
import { judgeBindings, judgeTargets } from "./judge_targets.ts";
import { judgeManagers } from "./judge_managers.ts";
import { nameOf } from "./names.ts";

/** Judges everything that is known, the worst first. */
export function diagnose(facts: Facts): Finding[] {
  const findings = collect((report) => {
    // First of what is broken, since people are waiting.
    judgeLockOut(facts, report);
    judgeInstance(facts, report);
  });
  if (!facts.health.value || facts.api) return combineFindings(findings);
  const judges = [
    judgeTargets,
    judgeFunction,
    judgeBindings,
    judgeDeno,
    judgeOrganizations,
    judgeActions,
    judgeCustomers,
    judgeApplications,
    judgeImpersonation,
    judgeManagers,
    judgeDeactivated,
    judgeLeftovers,
  ];
  findings.push(...collect((report) => {
    for (const judge of judges) judge(facts, report);
  }));
  // Entries that unset PROJECTS matters for were reported with the mapping.
  const isJudged = findings.some(({ check }) => check === "projects");
  findings.push(...collect((report) => {
    if (!isJudged) judgeProjects(facts, report);
    judgeRevocation(facts, report);
  }));
  return combineFindings(findings);
}

function judgeLeftovers({ leftovers }: Facts, report: Report): void {
  const { organizations, roles, users } = leftovers;
  const items = [
    ...organizations.map((it) => `organization ${nameOf(it)}`),
    ...roles.map(({ name, project }) => `role ${name} of ${nameOf(project)}`),
    ...users.map((it) => `user ${nameOf(it)} of ${nameOf(it.organization)}`),
  ];
  if (items.length > 0) {
    report("leftover", "warning", "of earlier live checks", { items });
  }
}
