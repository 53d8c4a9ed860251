import type { Instance } from "../zitadel/client.ts";
import { type NeededRight, requireRights } from "../zitadel/rights.ts";
import type { Change } from "./plan.ts";

const OF_INSTANCE: Partial<Record<Change["kind"], NeededRight>> = {
  "create-target": ofOwner("action.target.write", "create the target"),
  "update-target": ofOwner("action.target.write", "change the target"),
  "delete-target": ofOwner("action.target.write", "delete the target"),
  "bind": ofOwner("action.execution.write", "bind or unbind the target"),
  "create-user": ofOwner("user.write", "create the service user"),
  "write-credential": ofOwner("user.write", "create its credential"),
  "remove-user": ofOwner("user.write", "remove the service user"),
};

const METADATA: NeededRight = {
  right: "org.write",
  step: "write the organization's metadata",
  role: "ORG_OWNER",
};

function ofOwner(right: string, step: string): NeededRight {
  return { right, step, role: "IAM_OWNER" };
}

/**
 * Checks that the token's user may make all changes, before any is made.
 *
 * @throws {Error} Naming each missing right and the step that needs it.
 */
export async function requireRightsFor(
  instance: Instance,
  changes: readonly Change[],
  organization: string | undefined,
): Promise<void> {
  const ofInstance = changes.flatMap((change) => {
    if (change.kind === "give-role") {
      const isInstance = change.role === "IAM_OWNER_VIEWER";
      return ofOwner(
        isInstance ? "iam.member.write" : "org.member.write",
        `give the service user ${change.role}`,
      );
    }
    return OF_INSTANCE[change.kind] ?? [];
  });
  await requireRights(instance, [...new Set(ofInstance)]);
  const isMetadata = changes.some(({ kind }) => kind.endsWith("-metadata"));
  if (isMetadata) await requireRights(instance, [METADATA], organization);
}
