import { UsageError } from "../cli/errors.ts";
import { printable } from "../cli/terminal.ts";
import type { Target, TargetSettings } from "../zitadel/target.ts";

/** What a new target gets without `--timeout`, in seconds: ZITADEL's own default. */
const DEFAULT_TIMEOUT_SECONDS = 10;

/** The options of `setup` that decide about the target. */
export interface TargetOptions {
  readonly name: string;
  readonly endpoint?: string | undefined;
  readonly also?: string | undefined;
  /** Seconds. */
  readonly timeout?: number | undefined;
  readonly interruptOnError?: boolean | undefined;
  readonly roles?: string | undefined;
  readonly serviceUser: boolean;
  /** Seconds to wait for the function. */
  readonly wait?: number | undefined;
  /** Projects whose grants count, beside those that are proposed. */
  readonly project: readonly string[];
  /** The set-up for customers, which is in the env file. */
  readonly forCustomers: boolean;
  /** Run the function here. */
  readonly start: boolean;
}

/**
 * Chooses the target's settings; what the options leave out stays as it is.
 *
 * @returns `undefined` if the options are only about the mapping, the service
 * user or the env file.
 * @throws {UsageError} If a new target has no endpoint.
 */
export function chooseTargetSettings(
  options: TargetOptions,
  existing: Target | undefined,
): TargetSettings | undefined {
  const { name, endpoint, also, timeout, interruptOnError, wait } = options;
  const isAboutTarget = options.start ||
    [endpoint, also, timeout, interruptOnError, wait]
      .some((value) => value !== undefined);
  const isAboutOthers = options.roles !== undefined || options.serviceUser ||
    options.forCustomers || options.project.length > 0;
  if (!isAboutTarget && isAboutOthers) return undefined;
  const address = endpoint ?? existing?.endpoint;
  if (address === undefined) {
    throw new UsageError(
      `--endpoint is missing: there is no target "${
        printable(name)
      }" yet, so where does the function answer?`,
    );
  }
  return {
    name,
    endpoint: address,
    timeoutSeconds: timeout ?? existing?.timeoutSeconds ??
      DEFAULT_TIMEOUT_SECONDS,
    interruptOnError: interruptOnError ?? existing?.interruptOnError ?? false,
  };
}
