/**
 * Looks up the mappings that one call needs. Several organizations count only
 * if METADATA_ORGANIZATION is `grant`; then those that are foreign to the user
 * must not decide on the user's login.
 *
 * @module
 */
import { describeFailure, FunctionError, REMEDIES } from "./errors.ts";
import type { MappingLookup } from "./mapping/cache.ts";
import type { Services } from "./services.ts";
import { abortable } from "./util/abortable.ts";
import type { Deadline } from "./util/deadline.ts";

/** What looking up takes. */
export interface LookUpOptions {
  readonly services: Pick<
    Services,
    "cache" | "log" | "telemetry" | "timeout" | "config"
  >;
  /** The call's deadline. */
  readonly deadline: Deadline;
  /** Reports whether an organization's failure must not fail the call. */
  readonly isForeign: (organization: string) => boolean;
}

/** The mappings that were found, by organization: a foreign one that failed is absent. */
export type Lookups = ReadonlyMap<string, MappingLookup>;

/**
 * Looks up the mappings of organizations, within the call's deadline; foreign
 * ones are waited for at most half of it. What memory has is used in this turn
 * of the event loop.
 *
 * @throws {FunctionError} If the mapping of an organization that is not foreign cannot be used.
 */
export async function lookUp(
  organizations: readonly string[],
  options: LookUpOptions,
): Promise<Lookups> {
  const { cache, telemetry } = options.services;
  const found = new Map<string, MappingLookup>();
  const pending: [string, Promise<MappingLookup>][] = [];
  for (const organization of organizations) {
    const lookup = cache.get(organization);
    if (lookup instanceof Promise) pending.push([organization, lookup]);
    else found.set(organization, lookup);
  }
  if (pending.length > 0) await settle(pending, found, options);
  for (const { source } of found.values()) telemetry.lookup(source);
  return found;
}

/** Waits for look-ups, and adds those that succeed. */
async function settle(
  pending: readonly [string, Promise<MappingLookup>][],
  found: Map<string, MappingLookup>,
  { services, deadline, isForeign }: LookUpOptions,
): Promise<void> {
  const { signal } = deadline;
  const half = services.timeout(services.config.upstreamTimeoutMs / 2);
  const patience = AbortSignal.any([signal, half]);
  await Promise.all(pending.map(async ([organization, lookup]) => {
    const limit = isForeign(organization) ? patience : signal;
    try {
      found.set(organization, await abortable(lookup, limit));
    } catch (error) {
      const failure = limit.aborted && !(error instanceof FunctionError)
        ? late(organization)
        : error;
      if (!isForeign(organization)) throw failure;
      services.log(describeForeign(organization, failure));
    }
  }));
}

function late(organization: string): FunctionError {
  return new FunctionError(
    "upstream_timeout",
    `Cannot read the metadata of organization ${organization}: ZITADEL did not answer in time`,
    { organization, reason: "timeout" },
  );
}

function describeForeign(organization: string, failure: unknown) {
  const { entry } = describeFailure(failure);
  return {
    ...entry,
    level: "warn",
    message: `${entry.message}; the grants of this organization give nothing`,
    status: undefined,
    reason: "foreign_grants",
    cause: entry.reason ?? entry.cause,
    remedy: REMEDIES.foreign_grants,
    organization,
  } as const;
}
