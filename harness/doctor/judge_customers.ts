/**
 * Judges what customers' organizations on the instance can do about claims: the
 * parts of the set-up for customers (docs/multi-tenancy.md).
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import { fixedBy } from "../mapping/mapping_organization.ts";
import type { Instance } from "../zitadel/client.ts";
import { listManagersOf } from "../zitadel/managers.ts";
import { listProjectGrants } from "../zitadel/project.ts";
import { answer } from "./answer.ts";
import { CHECKS } from "./checks.ts";
import { type Facts, metadataApiOf } from "./facts.ts";
import type { Report } from "./finding.ts";
import { lookAtEach } from "./gather_organizations.ts";
import { reportDeactivated } from "./judge_projects.ts";
import { oursOf } from "./judge_targets.ts";
import { list, nameOf } from "./names.ts";

/** Judges which parts of the set-up are missing, if there are customers. */
export async function judgeCustomers(facts: Facts, report: Report) {
  const { owner, config: { value: config }, projects } = facts;
  if (config === undefined) return;
  const missing = missingSettings(facts, config);
  if (!owner || !projects?.value) {
    if (missing.length === 0) return;
    const seen = "whether customers' organizations are on this instance";
    return report("not_checked", "note", seen, {
      why: CHECKS.customers.why,
      fix: "set ZITADEL_ADMIN_TOKEN to a token of IAM_OWNER",
    });
  }
  const { value: customers, problem } = await answer(() =>
    findCustomers(owner, facts, report)
  );
  if (problem) return report("not_checked", "warning", problem);
  const { granted, owned } = customers;
  if (granted.length + owned.length === 0) {
    const seen =
      "none: no project is granted to another organization, and no other organization has an owner of its own";
    return report("customers", "ok", seen);
  }
  const isOff = oursOf(facts).some(({ interruptOnError }) => !interruptOnError);
  if (owned.length > 0 && isOff) {
    missing.push(
      "C5 interruptOnError is off: an action of theirs that sets our claim reaches tokens",
    );
  }
  const reasons = [
    granted.length > 0 && `projects are granted to ${list(granted)}`,
    owned.length > 0 && `owners of ${list(owned)} may write actions`,
  ].filter(Boolean).join("; ");
  if (missing.length === 0) {
    report("customers", "ok", `C1 to C5 are in place; ${reasons}`);
  } else {
    const seen = `${reasons}; missing`;
    report("customers", "warning", seen, { items: missing });
  }
}

/** Names the organizations that are not the operator's and can act on claims. */
async function findCustomers(
  instance: Instance,
  { listed, config: { value: config }, projects }: Facts,
  report: Report,
) {
  const counted = (projects?.value?.projects ?? [])
    .filter(({ id }) => config?.projects?.has(id) ?? true);
  const ours = new Set([
    config?.metadataOrganization,
    ...config?.projects ? counted.map(({ owner }) => owner.id) : [],
  ]);
  const granted = new Set<string>();
  for (const project of counted) {
    const { id, owner } = project;
    for (const to of await listProjectGrants(instance, owner.id, id)) {
      if (!ours.has(to.id)) granted.add(nameOf(to));
      if (to.isActive) continue;
      const item = `grant of project ${nameOf(project)} to ${nameOf(to)}`;
      reportDeactivated(item, report);
    }
  }
  const administrators = (await listManagersOf(instance, undefined))
    .filter(({ roles }) => roles.includes("IAM_OWNER")).map(({ id }) => id);
  const others = listed.filter(({ id }) => !ours.has(id));
  const { found } = await lookAtEach(others, async (organization) => {
    const managers = await listManagersOf(instance, organization.id);
    const isOwned = managers.some(({ id, roles }) =>
      roles.includes("ORG_OWNER") && !administrators.includes(id)
    );
    return isOwned ? [nameOf(organization)] : [];
  });
  const owned = found.flat();
  // The settings may not tell yet which organization is the operator's.
  const isUnknown = others.length === listed.length;
  return {
    granted: [...granted],
    owned: isUnknown && owned.length === 1 ? [] : owned,
  };
}

function missingSettings(facts: Facts, config: Config): string[] {
  const { metadataOrganization, shape, rolesClaim } = config;
  const missing: string[] = [];
  if (fixedBy(metadataOrganization) === undefined) {
    missing.push(
      `C1 METADATA_ORGANIZATION is ${metadataOrganization}: a customer's administrator writes the mapping`,
    );
  }
  if (config.projects === undefined) {
    missing.push(
      "C2 PROJECTS is unset: roles of a customer's own projects count",
    );
  }
  const isLabelled = shape === "by_organization" && rolesClaim === undefined;
  if (config.grantedBy === undefined && !isLabelled) {
    missing.push(
      "C3 GRANTED_BY is unset: what another customer grants to a user counts",
    );
  }
  if (metadataApiOf(facts) === "management_v1") {
    missing.push(
      "C4 APPLICATIONS cannot work on v3, which does not name the application: every API must check client_id",
    );
  } else if (config.applications === undefined) {
    missing.push(
      "C4 APPLICATIONS is unset: a customer's own application that requests our audience gets permissions",
    );
  }
  return missing;
}
