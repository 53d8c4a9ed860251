/**
 * Judges what customers' organizations on the instance can do about claims: the
 * parts of the set-up for customers (docs/multi-tenancy.md), APPLICATIONS, and
 * actions (Actions v1), which ZITADEL runs before the function.
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import { foldName } from "../../lib/config/claim_name.ts";
import { fixedBy } from "../mapping/mapping_organization.ts";
import { CHECKS } from "./checks.ts";
import {
  type Facts,
  metadataApiOf,
  type OrganizationActions,
} from "./facts.ts";
import type { Report } from "./finding.ts";
import { oursOf } from "./judge_targets.ts";
import { list, nameOf } from "./names.ts";

/** Judges which parts of the set-up are missing, if there are customers. */
export function judgeCustomers(facts: Facts, report: Report): void {
  const { customers, config } = facts;
  if (config.value === undefined) return;
  const missing = missingSettings(facts, config.value);
  if (customers === undefined) {
    if (missing.length === 0) return;
    const seen = "whether customers' organizations are on this instance";
    return report("not_checked", "note", seen, {
      why: CHECKS.customers.why,
      fix: "set ZITADEL_ADMIN_TOKEN to a token of IAM_OWNER",
    });
  }
  if (customers.problem) {
    return report("not_checked", "warning", customers.problem);
  }
  const { granted, owned } = customers.value;
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
  const projects = `projects are granted to ${list(granted.map(nameOf))}`;
  const owners = `owners of ${list(owned.map(nameOf))} may write actions`;
  const reasons = [
    ...granted.length > 0 ? [projects] : [],
    ...owned.length > 0 ? [owners] : [],
  ].join("; ");
  if (missing.length === 0) {
    report("customers", "ok", `C1 to C5 are in place; ${reasons}`);
  } else {
    const seen = `${reasons}; missing`;
    report("customers", "warning", seen, { items: missing });
  }
}

function missingSettings(facts: Facts, config: Config): string[] {
  const { metadataOrganization, projects, grantedBy, applications } = config;
  const isLabelled = config.shape === "by_organization" &&
    config.rolesClaim === undefined;
  const isV3 = metadataApiOf(facts) === "management_v1";
  const parts: [isMissing: boolean, text: string][] = [
    [
      fixedBy(metadataOrganization) === undefined,
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
      !isV3 && applications === undefined,
      "C4 APPLICATIONS is unset: a customer's own application that requests our audience gets permissions",
    ],
  ];
  return parts.flatMap(([isMissing, text]) => isMissing ? [text] : []);
}

/** Judges what APPLICATIONS lists, and what it leaves out. */
export function judgeApplications(facts: Facts, report: Report): void {
  const { config, applications: seen, targets } = facts;
  const { applications: listed, projects } = config.value ?? {};
  if (listed === undefined) return;
  if (metadataApiOf(facts) === "management_v1") {
    const seen =
      "cannot work on v3, which does not name the application: no person gets permissions";
    const fix = "remove APPLICATIONS, and let every API check client_id";
    return report("applications", "broken", seen, { fix });
  }
  if (seen === undefined) return;
  if (seen.problem) return report("not_checked", "warning", seen.problem);
  const { applications, isComplete } = seen.value;
  // Who is no IAM_OWNER does not see every application.
  const seesAll = isComplete && targets?.value !== undefined;
  const found = new Set(applications.map(({ clientId }) => clientId));
  for (const id of listed.difference(found)) {
    if (seesAll) {
      report("applications", "warning", "no such application", {
        items: [id],
        why:
          "it was deleted, or is a typing error; service users need not be listed",
        fix: "correct or remove the id in APPLICATIONS",
      });
    } else {
      const seen = "applications of APPLICATIONS that could not be looked up";
      report("not_checked", "note", seen, { items: [id] });
    }
  }
  const listedFirst = applications.toSorted((a, b) =>
    Number(listed.has(b.clientId)) - Number(listed.has(a.clientId))
  );
  for (const { name, clientId, project } of listedFirst) {
    const items = [`${name} (${clientId}) of project ${project.name}`];
    const isOurs = projects?.has(project.id);
    if (!listed.has(clientId)) {
      if (!clientId || !isOurs) continue;
      const seen = "of projects that PROJECTS lists, and not listed themselves";
      report("applications", "note", seen, { items });
    } else if (isOurs ?? true) {
      report("applications", "ok", "these get permissions", { items });
    } else {
      const seen = "of projects that PROJECTS does not list";
      report("applications", "note", seen, {
        items,
        why:
          "its users get permissions of the listed projects if they request their audience",
        fix: "nothing, if that is meant; else remove it from APPLICATIONS",
      });
    }
  }
}

/**
 * Judges organizations' actions. One that names a claim of ours is taken to set
 * it; others are listed, since a script may build the name.
 */
export function judgeActions(
  { actions, config }: Facts,
  report: Report,
): void {
  if (actions === undefined || config.value === undefined) return;
  const { claim, rolesClaim } = config.value;
  const claims = rolesClaim === undefined ? [claim] : [claim, rolesClaim];
  const isNamed = ({ actions }: OrganizationActions) =>
    actions.some(({ script }) => claims.some((name) => names(script, name)));
  for (const seen of actions.looked) {
    const { organization: { id }, organization, actions } = seen;
    const items = [
      `${nameOf(organization)}: ${list(actions.map(({ name }) => name))}`,
    ];
    const where = { items, organizations: [id] };
    if (isNamed(seen)) {
      const text = `actions that name ${claims.join(" or ")}`;
      report("actions_v1", "broken", text, where);
    } else {
      const text = "actions that do not name our claims";
      report("actions_v1", "note", text, where);
    }
  }
  for (const { organization, problem } of actions.unread) {
    report("not_checked", "warning", problem.text, {
      items: [nameOf(organization)],
      organizations: [organization.id],
    });
  }
  if (actions.left > 0) {
    const seen = `the actions of ${actions.left} more organizations`;
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
