import { type Finding } from "./finding.ts";
import type { Facts } from "./facts.ts";
import { judgeInstance } from "./judge_instance.ts";
import { judgeOrganizations } from "./judge_organizations.ts";
import { judgeTarget } from "./judge_target.ts";

/**
 * Judges everything that is known.
 *
 * @param facts What is known.
 * @returns What was found, in the order in which a person would fix it.
 */
export function diagnose(facts: Facts): Finding[] {
  const findings = judgeInstance(facts);
  if (facts.health.problem !== undefined) return findings;
  return [...findings, ...judgeTarget(facts), ...judgeOrganizations(facts)];
}
