/**
 * Looks up the mappings that one call needs. Several organizations count only
 * if METADATA_ORGANIZATION is `grant`; then those that are foreign to the user
 * must not decide on the user's login.
 *
 * @module
 */
import { describeFailure, FunctionError, remark } from "./errors.ts";
import type { MappingLookup } from "./mapping/cache.ts";
import type { LogEntry } from "./observability/log.ts";
import type { Services } from "./services.ts";
import { abortable } from "./util/abortable.ts";

/**
 * Looks up the mappings of organizations, within the call's deadline; foreign
 * ones are waited for at most half of it. What memory has is used in this turn
 * of the event loop.
 *
 * @returns The mappings by organization: a foreign one that failed is absent.
 * @throws {FunctionError} If the mapping of an organization that is not foreign cannot be used.
 */
export async function lookUp(
  organizations: readonly string[],
  {
    services: { cache, config, telemetry, timeout },
    deadline,
    isForeign,
    logForeign,
  }: {
    readonly services: Services;
    readonly deadline: () => AbortSignal;
    /** Reports whether an organization's failure must not fail the call. */
    readonly isForeign: (organization: string) => boolean;
    /** Takes why a foreign organization's grants give nothing. */
    readonly logForeign: (organization: string, entry: LogEntry) => void;
  },
): Promise<ReadonlyMap<string, MappingLookup>> {
  const found = new Map<string, MappingLookup>();
  const pending: [string, Promise<MappingLookup>][] = [];
  // The user's own comes first: readings take turns.
  const inTurn = organizations.toSorted((a, b) =>
    Number(isForeign(a)) - Number(isForeign(b))
  );
  for (const organization of inTurn) {
    const lookup = cache.get(organization);
    if (lookup instanceof Promise) pending.push([organization, lookup]);
    else found.set(organization, lookup);
  }
  if (pending.length > 0) {
    const signal = deadline();
    const half = timeout(config.upstreamTimeoutMs / 2);
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
        logForeign(organization, describeForeign(organization, failure));
      }
    }));
  }
  for (const { source } of found.values()) telemetry?.lookup(source);
  return found;
}

function late(organization: string): FunctionError {
  return new FunctionError(
    "upstream_timeout",
    `Cannot read the metadata of organization ${organization}: ZITADEL did not answer in time`,
    { organization, reason: "timeout" },
  );
}

function describeForeign(organization: string, failure: unknown): LogEntry {
  const { entry } = describeFailure(failure);
  const message =
    `${entry.message}; the grants of this organization give nothing`;
  return {
    ...entry,
    status: undefined,
    cause: entry.reason ?? entry.cause,
    ...remark("foreign_grants", message, { organization }),
  };
}
