import type { Facts } from "./facts.ts";
import {
  combineFindings,
  type Finding,
  finding,
  type Report,
} from "./finding.ts";
import { judgeActions } from "./judge_actions.ts";
import { judgeApplications } from "./judge_applications.ts";
import { judgeCustomers } from "./judge_customers.ts";
import { judgeFunction, judgeLockOut } from "./judge_function.ts";
import { judgeImpersonation, judgeInstance } from "./judge_instance.ts";
import { judgeManagers } from "./judge_managers.ts";
import { judgeOrganizations } from "./judge_organizations.ts";
import { judgeDeactivated, judgeProjects } from "./judge_projects.ts";
import { judgeRevocation } from "./judge_revocation.ts";
import { judgeBindings, judgeTargets } from "./judge_targets.ts";
import { judgeLeftovers } from "./leftovers.ts";

const JUDGES = [
  judgeTargets,
  judgeFunction,
  judgeBindings,
  judgeOrganizations,
  judgeActions,
  judgeCustomers,
  judgeApplications,
  judgeImpersonation,
  judgeManagers,
  judgeDeactivated,
  judgeLeftovers,
  judgeProjects,
  judgeRevocation,
];

/** Judges everything that is known, the worst first. */
export async function diagnose(facts: Facts): Promise<Finding[]> {
  const findings: Finding[] = [];
  const report: Report = (...of) => void findings.push(finding(...of));
  // First of what is broken, since people are waiting.
  judgeLockOut(facts, report);
  await judgeInstance(facts, report);
  if (!facts.health.value || facts.apiProblem) return combineFindings(findings);
  facts.options.onProgress?.("managers, customers and their actions");
  for (const judge of JUDGES) await judge(facts, report);
  return combineFindings(findings);
}
