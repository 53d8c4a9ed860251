/**
 * Judges who has a manager's role: of the instance, and of the organization that
 * holds the mapping if it is one for all users.
 *
 * @module
 */
import { fixedBy } from "../mapping/mapping_organization.ts";
import { listManagersOf, type Manager } from "../zitadel/managers.ts";
import { listServiceUsers, type ServiceUser } from "../zitadel/service_user.ts";
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
  const writers = describe(managers, (role) => WRITING_ROLES.has(role));
  if (!fixed) {
    writers.push("each organization's ORG_OWNER and ORG_SETTINGS_MANAGER");
  }
  report("writers", "note", "managers with org.write", { items: writers });
  judgeServiceUsers(facts, managers, users, report);
}

/** Whether anything uses a credential cannot be asked: a token leaves no trace. */
function judgeServiceUsers(
  facts: Facts,
  managers: readonly Manager[],
  users: readonly ServiceUser[],
  report: Report,
): void {
  const { credential, me, targets } = facts;
  const ours = oursOf(facts);
  const others = (targets?.value ?? []).filter((it) => !ours.includes(it));
  const unused = managers.filter(({ id, isMachine }) =>
    isMachine && id !== me?.id && id !== credential?.value?.id
  );
  // One for another target that there is may be in use by the function there.
  const isLeft = ({ id }: Manager) => {
    const target = users.find((it) => it.id === id)?.createdFor;
    return target !== undefined && !others.some(({ name }) => name === target);
  };
  const isRole = (role: string) => role !== LOGIN_ROLE;
  for (const item of describe(unused.filter(isLeft), isRole)) {
    const seen = "`setup` created it, and this function does not use it";
    report("managers", "warning", seen, { items: [item] });
  }
  const items = describe(unused.filter((it) => !isLeft(it)), isRole);
  if (items.length === 0) return;
  const seen = "with a manager's role, beside the function's and this token's";
  report("managers", "note", seen, { items });
}

/** Names managers with their roles of a kind; those without are left out. */
function describe(
  managers: readonly Manager[],
  isRole: (role: string) => boolean,
): string[] {
  return managers.flatMap(({ loginName, isMachine, roles }) => {
    const shown = roles.filter(isRole);
    const kind = isMachine ? "service user" : "user";
    return shown.length > 0
      ? [`${kind} ${loginName} (${shown.join(", ")})`]
      : [];
  });
}
