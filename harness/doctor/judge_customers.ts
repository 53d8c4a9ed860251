import type { Config } from "../../lib/config/settings.ts";
import { CHECKS } from "./checks.ts";
import { type Facts, metadataApiOf } from "./facts.ts";
import { type Finding, finding, problemFinding } from "./finding.ts";
import { oursOf } from "./judge_target.ts";
import { list, nameOf } from "./names.ts";

/**
 * Judges which parts of the set-up for customers (docs/multi-tenancy.md) are
 * missing, if there are customers.
 */
export function judgeCustomers(facts: Facts): Finding[] {
  const config = facts.config.value;
  if (config === undefined) return [];
  const { customers } = facts;
  if (customers === undefined) {
    const seen = "whether customers' organizations are on this instance";
    return missingSettings(facts, config).length === 0 ? [] : [
      finding("not_checked", "note", seen, {
        why: CHECKS.customers.why,
        fix: "set ZITADEL_ADMIN_TOKEN to a token of IAM_OWNER",
      }),
    ];
  }
  if (customers.problem) {
    return [problemFinding("not_checked", "warning", customers.problem)];
  }
  const { granted, owned } = customers.value;
  if (granted.length + owned.length === 0) {
    const seen =
      "none: no project is granted to another organization, and no other organization has an owner of its own";
    return [finding("customers", "ok", seen)];
  }
  const isOff = oursOf(facts).some(({ interruptOnError }) => !interruptOnError);
  const missing = [
    ...missingSettings(facts, config),
    ...owned.length > 0 && isOff
      ? [
        "C5 interruptOnError is off: an action of theirs that sets our claim reaches tokens",
      ]
      : [],
  ];
  const reasons = [
    ...granted.length > 0
      ? [`projects are granted to ${list(granted.map(nameOf))}`]
      : [],
    ...owned.length > 0
      ? [`owners of ${list(owned.map(nameOf))} may write actions`]
      : [],
  ].join("; ");
  return [
    missing.length === 0
      ? finding("customers", "ok", `C1 to C5 are in place; ${reasons}`)
      : finding("customers", "warning", `${reasons}; missing`, {
        items: missing,
      }),
  ];
}

function missingSettings(facts: Facts, config: Config): string[] {
  const { metadataOrganization, projects, grantedBy, shape } = config;
  const isLabelled = shape === "by_organization" &&
    config.rolesClaim === undefined;
  const isV3 = metadataApiOf(facts) === "management_v1";
  const parts: [isMissing: boolean, text: string][] = [
    [
      metadataOrganization === "user" || metadataOrganization === "grant",
      `C1 METADATA_ORGANIZATION is ${metadataOrganization}: a customer's administrator writes the mapping`,
    ],
    [
      projects === undefined,
      "C2 PROJECTS is unset: roles of a customer's own projects count",
    ],
    [
      grantedBy === undefined && !isLabelled,
      "C3 GRANTED_BY is unset: what another customer grants to a user counts",
    ],
    [
      isV3,
      "C4 APPLICATIONS cannot work on v3, which does not name the application: every API must check client_id",
    ],
    [
      !isV3 && config.applications === undefined,
      "C4 APPLICATIONS is unset: a customer's own application that requests our audience gets permissions",
    ],
  ];
  return parts.flatMap(([isMissing, text]) => isMissing ? [text] : []);
}
