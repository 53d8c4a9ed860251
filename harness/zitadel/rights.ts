import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import { type Instance, to } from "./client.ts";

/** A right, and the step that needs it. */
export interface NeededRight {
  /** ZITADEL's name for it, such as `org.write`. */
  readonly right: string;
  /** As the end of "is needed to ...". */
  readonly step: string;
  /** The role to give that has it. */
  readonly role: "IAM_OWNER" | "IAM_OWNER_VIEWER" | "ORG_OWNER";
}

/**
 * Checks that the token's user has rights, before anything is changed.
 *
 * @throws {Error} Naming each right that is missing, the step that needs it, and
 * the role that has it.
 */
export async function requireRights(
  instance: Instance,
  needed: readonly NeededRight[],
  organization?: string,
): Promise<void> {
  if (needed.length === 0) return;
  const options = organization === undefined ? {} : { organization };
  const { result } = await instance.service(AuthService, options)
    .listMyZitadelPermissions({}, to("list the rights of ZITADEL_ADMIN_TOKEN"));
  const rights = new Set(result);
  const missing = needed.filter(({ right }) => !rights.has(right));
  if (missing.length === 0) return;
  const lines = missing.map(({ right, step, role }) =>
    `  ${right} is needed to ${step}: give the user ${role}`
  );
  throw new Error(
    `The user of ZITADEL_ADMIN_TOKEN lacks rights; nothing was changed\n${
      lines.join("\n")
    }`,
  );
}
