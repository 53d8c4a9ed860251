/**
 * Judges who has a manager's role: of the instance, and of the organization that
 * holds the mapping if it is one for all users.
 *
 * @module
 */
import { fixedBy } from "../mapping/mapping_organization.ts";
import { listManagersOf, type Manager } from "../zitadel/managers.ts";
import { listServiceUsers } from "../zitadel/service_user.ts";
import { answer } from "./answer.ts";
import type { Facts } from "./facts.ts";
import type { Report } from "./finding.ts";
import { oursOf } from "./judge_targets.ts";

/** The manager roles that have `org.write`, as seen on v3.4.9 and v4.13.1. */
const WRITING_ROLES: ReadonlySet<string> = new Set([
  "IAM_OWNER",
  "IAM_ORG_MANAGER",
  "ORG_OWNER",
  "ORG_SETTINGS_MANAGER",
]);

/** ZITADEL's own login page has it. */
const LOGIN_ROLE = "IAM_LOGIN_CLIENT";

export async function judgeManagers(facts: Facts, report: Report) {
  const { owner, config } = facts;
  if (!owner || !config.value) return;
  const fixed = fixedBy(config.value.metadataOrganization);
  const seen = await answer(async () => ({
    managers: [
      ...await listManagersOf(owner, undefined),
      ...fixed ? await listManagersOf(owner, fixed) : [],
    ],
    users: await listServiceUsers(owner),
  }));
  if (seen.problem) return report("writers", "note", seen.problem.text);
  const { managers, users } = seen.value;
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
      "with a manager's role, beside the function's and this token's";
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
