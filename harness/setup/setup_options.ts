import { UsageError } from "../cli/errors.ts";
import type { CredentialKind } from "../zitadel/credential.ts";
import type { TargetOptions } from "./target_settings.ts";

export interface SetupOptions extends TargetOptions {
  /** The organization whose metadata takes the mapping. */
  readonly org?: string | undefined;
  /** Remove entries that are not in the roles file. */
  readonly prune: boolean;
  readonly envFile: string;
  /** Replace another signing key in the env file. */
  readonly force: boolean;
  readonly serviceUserName: string;
  readonly credential: CredentialKind;
  readonly credentialDays: number;
  /** Propose the whole set-up for an instance with customers' organizations. */
  readonly forCustomers: boolean;
  /** `false`: propose no projects. */
  readonly projects?: boolean | undefined;
  readonly remove: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/**
 * Checks that options fit together.
 *
 * @throws {UsageError} If two contradict each other.
 */
export function checkSetupOptions(options: SetupOptions): void {
  const { remove, prune, roles, start, json, wait, endpoint, forCustomers } =
    options;
  const refuse = (isWrong: boolean, why: string) => {
    if (isWrong) throw new UsageError(why);
  };
  refuse(
    prune && roles === undefined,
    "--prune needs --roles: it removes entries that are not in that file",
  );
  refuse(
    remove &&
      (endpoint !== undefined || start || wait !== undefined || prune ||
        forCustomers),
    "--remove undoes everything: it goes with --roles, --name, --org and --service-user-name only",
  );
  refuse(start && json, "--start stays in the foreground: leave out --json");
  refuse(
    options.projects === false && options.project.length > 0,
    "--no-projects and --project contradict each other",
  );
  refuse(
    options.projects === false && forCustomers,
    "--for-customers proposes PROJECTS: leave out --no-projects",
  );
}
