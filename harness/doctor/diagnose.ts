import { type Answer, answer } from "./answer.ts";
import {
  combineFindings,
  type Finding,
  finding,
  type Report,
} from "./finding.ts";
import type { Facts } from "./gather.ts";
import {
  judgeActions,
  judgeCustomers,
  judgeManagers,
} from "./judge_administrators.ts";
import { judgeFunction, judgeLockOut } from "./judge_function.ts";
import { judgeInstance } from "./judge_instance.ts";
import {
  judgeApplications,
  judgeDeactivated,
  judgeOrganizations,
  judgeProjects,
} from "./judge_organizations.ts";
import {
  judgeBindings,
  judgeRevocation,
  judgeTargets,
} from "./judge_targets.ts";

const JUDGES = [
  judgeTargets,
  judgeFunction,
  judgeBindings,
  judgeOrganizations,
  judgeActions,
  judgeCustomers,
  judgeApplications,
  judgeManagers,
  judgeDeactivated,
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
  const { organizations, projects, executions } = facts;
  const answers: (Answer<unknown> | undefined)[] = [
    organizations,
    projects,
    executions,
  ];
  for (const judge of JUDGES) {
    answers.push(await answer(async () => await judge(facts, report)));
  }
  for (const it of answers) {
    if (it?.problem) report("not_checked", "warning", it.problem);
  }
  for (const { text } of facts.leftovers) {
    report("leftover", "warning", "of earlier live checks", { items: [text] });
  }
  return combineFindings(findings);
}
