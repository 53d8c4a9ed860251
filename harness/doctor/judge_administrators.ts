/**
 * Judges who can change what tokens say: managers, customers' administrators (the
 * parts of the set-up for customers, docs/multi-tenancy.md), and their actions.
 *
 * @module
 */
import { foldName } from "../../lib/config/claim_name.ts";
import type { Config } from "../../lib/config/settings.ts";
import { fixedBy } from "../mapping/mapping_organization.ts";
import { listComplementingActions } from "../zitadel/action_v1.ts";
import type { Instance } from "../zitadel/client.ts";
import { listManagersOf, type Manager } from "../zitadel/managers.ts";
import { listProjectGrants } from "../zitadel/project.ts";
import { listServiceUsers } from "../zitadel/service_user.ts";
import { answer } from "./answer.ts";
import { CHECKS } from "./checks.ts";
import { oursOf } from "./facts.ts";
import type { Report } from "./finding.ts";
import type { Facts } from "./gather.ts";
import { lookAtEach } from "./gather_organizations.ts";
import { reportDeactivated } from "./judge_organizations.ts";
import { inOrganization, list, nameOf } from "./names.ts";

/** The manager roles that have `org.write`, as seen on v3.4.9 and v4.13.1. */
const WRITING_ROLES: ReadonlySet<string> = new Set([
  "IAM_OWNER",
  "IAM_ORG_MANAGER",
  "ORG_OWNER",
  "ORG_SETTINGS_MANAGER",
]);

/** ZITADEL's own login page has it. */
const LOGIN_ROLE = "IAM_LOGIN_CLIENT";

/** An escape of JavaScript; other characters stand for themselves. */
const ESCAPE =
  /\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|(\r\n|[^]))/gi;
const IDENTIFIER_PART = "[\\p{ID_Continue}$]";

export async function judgeManagers(facts: Facts, report: Report) {
  const { owner, config } = facts;
  if (!owner || !config.value) return;
  const fixed = fixedBy(config.value.metadataOrganization);
  const isThere = facts.listed.some(({ id }) => id === fixed);
  const managers = [
    ...await listManagersOf(owner, undefined),
    ...isThere ? await listManagersOf(owner, fixed) : [],
  ];
  const users = await listServiceUsers(owner);
  const writers = managers.flatMap((it) =>
    describe(it, (role) => WRITING_ROLES.has(role))
  );
  if (!fixed) {
    writers.push("each organization's ORG_OWNER and ORG_SETTINGS_MANAGER");
  }
  report("writers", "note", "managers with org.write", { items: writers });
  for (const manager of managers) {
    const user = users.find(({ id }) => id === manager.id);
    judgeServiceUser(facts, manager, user?.createdFor, report);
  }
}

/** Whether anything uses a credential cannot be asked: a token leaves no trace. */
function judgeServiceUser(
  facts: Facts,
  manager: Manager,
  createdFor: string | undefined,
  report: Report,
): void {
  const { id, isMachine } = manager;
  const items = describe(manager, (role) => role !== LOGIN_ROLE);
  const isUsed = id === facts.me?.id || id === facts.credential?.value?.id;
  if (!isMachine || isUsed || items.length === 0) return;
  const ours = oursOf(facts);
  // One for another target that there is may be in use by the function there.
  const isOthers = facts.targets?.value?.some((it) =>
    it.name === createdFor && !ours.includes(it)
  );
  if (createdFor === undefined || isOthers) {
    const seen =
      "service users with a manager's role, beside the function's and this token's";
    return report("managers", "note", seen, { items });
  }
  const seen = "`setup` created it, and this function does not use it";
  report("managers", "warning", seen, { items });
}

/** Names a manager with the roles of a kind; no one without them. */
function describe(
  { loginName, isMachine, roles }: Manager,
  isRole: (role: string) => boolean,
): string[] {
  const shown = roles.filter(isRole).join(", ");
  const kind = isMachine ? "service user" : "user";
  return shown ? [`${kind} ${loginName} (${shown})`] : [];
}

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
    if (problem) {
      const where = inOrganization(organization);
      report("not_checked", "warning", problem.text, where);
    } else if (actions.length > 0) {
      const names = list(actions.map(({ name }) => name));
      const item = `${nameOf(organization)}: ${names}`;
      const where = inOrganization(organization, item);
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
  const { granted, owned } = await findCustomers(owner, facts, report);
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

/** The parts of the set-up for customers that the settings lack. */
function missingSettings(
  { metadataApi }: Facts,
  { metadataOrganization, shape, rolesClaim, ...config }: Config,
): string[] {
  const isLabelled = shape === "by_organization" && rolesClaim === undefined;
  return [
    fixedBy(metadataOrganization) === undefined &&
    `C1 METADATA_ORGANIZATION is ${metadataOrganization}: a customer's administrator writes the mapping`,
    config.projects === undefined &&
    "C2 PROJECTS is unset: roles of a customer's own projects count",
    config.grantedBy === undefined && !isLabelled &&
    "C3 GRANTED_BY is unset: what another customer grants to a user counts",
    metadataApi === "management_v1"
      ? "C4 APPLICATIONS cannot work on v3, which does not name the application: every API must check client_id"
      : config.applications === undefined &&
        "C4 APPLICATIONS is unset: a customer's own application that requests our audience gets permissions",
  ].filter((part) => part !== false);
}
