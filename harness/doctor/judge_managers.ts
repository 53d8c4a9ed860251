/**
 * Judges who has a manager's role: of the instance, and of the organization that
 * holds the mapping if it is one for all users.
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import { fixedBy } from "../mapping/mapping_organization.ts";
import type { Instance } from "../zitadel/client.ts";
import { listManagersOf, type Manager } from "../zitadel/managers.ts";
import { listServiceUsers } from "../zitadel/service_user.ts";
import type { Facts, ManagerFacts } from "./facts.ts";
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

export async function gatherManagers(
  admin: Instance,
  { metadataOrganization }: Pick<Config, "metadataOrganization">,
): Promise<ManagerFacts[]> {
  const fixed = fixedBy(metadataOrganization);
  const managers = [
    ...await listManagersOf(admin, undefined),
    ...fixed ? await listManagersOf(admin, fixed) : [],
  ];
  const targets = new Map(
    (await listServiceUsers(admin)).map((it) => [it.id, it.createdFor]),
  );
  return managers.map((it) => ({ ...it, createdFor: targets.get(it.id) }));
}

export function judgeManagers(facts: Facts, report: Report): void {
  const { managers, config } = facts;
  if (!managers) return;
  if (managers.problem) return report("writers", "note", managers.problem.text);
  const writers = describe(
    managers.value,
    (role) => WRITING_ROLES.has(role),
  );
  if (config.value && !fixedBy(config.value.metadataOrganization)) {
    writers.push("each organization's ORG_OWNER and ORG_SETTINGS_MANAGER");
  }
  report("writers", "note", "managers with org.write", { items: writers });
  judgeServiceUsers(facts, managers.value, report);
}

/** Whether anything uses a credential cannot be asked: a token leaves no trace. */
function judgeServiceUsers(
  facts: Facts,
  managers: readonly ManagerFacts[],
  report: Report,
): void {
  const { credential, adminId, targets } = facts;
  const others = new Set(
    (targets?.value ?? []).filter((it) => !oursOf(facts).includes(it))
      .map(({ name }) => name),
  );
  const unused = managers.filter(({ id, isMachine }) =>
    isMachine && id !== adminId && id !== credential?.value?.id
  );
  // One for another target that there is may be in use by the function there.
  const [ours = [], foreign = []] = [true, false].map((wanted) =>
    unused.filter(({ createdFor }) =>
      (createdFor !== undefined && !others.has(createdFor)) === wanted
    )
  );
  const isRole = (role: string) => role !== LOGIN_ROLE;
  for (const item of describe(ours, isRole)) {
    const seen = "`setup` created it, and this function does not use it";
    report("managers", "warning", seen, { items: [item] });
  }
  const items = describe(foreign, isRole);
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
