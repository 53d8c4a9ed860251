/**
 * Looks up the mappings that one call needs. Several organizations count only if
 * METADATA_ORGANIZATION is `grant`; then one of them must not decide on the
 * logins of the others' users.
 *
 * @module
 */
import { describeFailure, FunctionError } from "./errors.ts";
import type { MappingLookup, MappingSource } from "./mapping/cache.ts";
import { createRoleMapping, type RoleMapping } from "./mapping/role_mapping.ts";
import type { Services } from "./services.ts";
import { abortable } from "./util/abortable.ts";
import type { Deadline } from "./util/deadline.ts";

/** What a call uses of one organization. */
export interface CallLookup {
  /** The mapping; empty if the organization's metadata cannot be used. */
  readonly mapping: RoleMapping;
  /** Where it came from; `failed` if the organization's metadata cannot be used. */
  readonly source: MappingSource | "failed";
}

/** What looking up takes. */
export interface LookUpOptions {
  /** The mappings, the log and the measurements. */
  readonly services: Pick<Services, "cache" | "log" | "telemetry">;
  /** The call's deadline. */
  readonly deadline: Deadline;
  /** The organization that the user belongs to, if the call names it. */
  readonly userOrganization: string | undefined;
}

/** Roles of an organization whose metadata cannot be used permit nothing. */
const FAILED: CallLookup = {
  mapping: createRoleMapping(new Map()),
  source: "failed",
};

/**
 * Looks up the mappings of organizations, within the call's deadline. What
 * memory has is used in this turn of the event loop.
 *
 * @param organizations The organizations' ids, each once.
 * @param options What looking up takes.
 * @returns What was found, in the order of the organizations.
 * @throws {FunctionError} If ZITADEL fails, or if the metadata of the user's own organization or of every organization cannot be used.
 */
export async function lookUp(
  organizations: readonly string[],
  options: LookUpOptions,
): Promise<readonly CallLookup[]> {
  const { services, deadline } = options;
  const pending = organizations.map((organization) =>
    services.cache.get(organization)
  );
  const lookups = pending.some((lookup) => lookup instanceof Promise)
    ? withoutFailed(
      await settle(pending, { organizations, deadline }),
      { organizations, ...options },
    )
    : pending as MappingLookup[];
  for (const { source } of lookups) services.telemetry.lookup(source);
  return lookups;
}

/** Waits for all look-ups; an error that lies in an organization's content becomes a value. */
async function settle(
  pending: readonly (MappingLookup | Promise<MappingLookup>)[],
  { organizations, deadline }: {
    readonly organizations: readonly string[];
    readonly deadline: Deadline;
  },
): Promise<readonly (MappingLookup | FunctionError)[]> {
  const waiting = new Set(organizations);
  const settled = pending.map(async (lookup, at) => {
    try {
      return await lookup;
    } catch (error) {
      if (error instanceof FunctionError && error.details.liesInContent) {
        return error;
      }
      throw error;
    } finally {
      waiting.delete(organizations[at]!);
    }
  });
  try {
    return await abortable(Promise.all(settled), deadline.signal);
  } catch (error) {
    throw deadline.isOver && !(error instanceof FunctionError)
      ? late([...waiting].join(","))
      : error;
  }
}

/** Replaces failed look-ups by empty mappings, unless the failure is the user's own or the only answer. */
function withoutFailed(
  settled: readonly (MappingLookup | FunctionError)[],
  { organizations, services, userOrganization }: LookUpOptions & {
    readonly organizations: readonly string[];
  },
): readonly CallLookup[] {
  const own = settled[organizations.findIndex((it) => it === userOrganization)];
  if (own instanceof FunctionError) throw own;
  const errors = settled.filter((each) => each instanceof FunctionError);
  if (errors.length === settled.length) throw errors[0];
  for (const error of errors) {
    const { status: _, message, ...entry } = describeFailure(error).entry;
    services.log({
      ...entry,
      message: `${message}; the grants of this organization give nothing`,
    });
  }
  return settled.map((each) => each instanceof FunctionError ? FAILED : each);
}

function late(organization: string): FunctionError {
  return new FunctionError(
    "upstream_timeout",
    `Cannot read the metadata of organization ${organization}: ZITADEL did not answer in time`,
    {
      organization,
      reason: "timeout",
      remedy:
        "Check that ZITADEL is neither slow nor cut off from here; UPSTREAM_TIMEOUT_MS is the time it is given",
    },
  );
}
