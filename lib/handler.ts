/**
 * The function: ZITADEL's call in, the permissions claim out. `answer()` reads
 * like Step 3 of ZITADEL's guide: verify, parse, collect roles, fetch the
 * mapping, map, reply.
 *
 * @module
 */
import {
  type GrantedPermissions,
  permissionsIn,
  permissionsOfGrants,
  type RoleGrant,
  roleGrants,
} from "./claims/grants.ts";
import {
  attributesReply,
  claimsReply,
  type Contents,
  type Reply,
} from "./claims/reply.ts";
import { refuseTakenClaims } from "./claims/taken_claims.ts";
import type { Config } from "./config/settings.ts";
import { describeFailure, type ErrorCode } from "./errors.ts";
import { health, JSON_TYPE, pathOf, refuse, requireCall } from "./http.ts";
import { lookUp } from "./look_up.ts";
import { canCount, chooseOrganization } from "./mapping/organization.ts";
import { knownProjects } from "./mapping/role_mapping.ts";
import {
  createClaimWatch,
  type WatchClaim,
} from "./observability/claim_watch.ts";
import type { LogEntry } from "./observability/log.ts";
import { createLogLimiter } from "./observability/log_limiter.ts";
import {
  type Event,
  type FunctionCall,
  isEvent,
  parsePayload,
} from "./request/payload.ts";
import type { Services } from "./services.ts";
import type { Deadline } from "./util/deadline.ts";
import { distinct } from "./util/distinct.ts";

/** The functions of ZITADEL that are answered with permissions. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  "function/preaccesstoken",
  "function/preuserinfo",
  "function/presamlresponse",
]);

/** The function of operator commands, which checks that an endpoint is this function. */
const CANARY_FUNCTION = "function/canary";

/** Events of this kind invalidate an organization's mapping. */
const METADATA_EVENT_PREFIX = "org.metadata.";

const NOTHING = "{}";

/** Answers a request; it never throws. */
export type Handler = (request: Request) => Promise<Response>;

/** How a call ended. */
export type Outcome =
  | "permissions"
  | "no_roles"
  | "unknown_function"
  | "canary"
  | "invalidated"
  | "ignored"
  | ErrorCode;

/** What the log line and the metrics of a call say. */
type CallRecord = {
  readonly level: "info";
  readonly message: string;
  /** The function or the event; `none` before the payload is read. */
  condition: string;
  outcome: Outcome;
  signingKey?: number;
  source?: string;
  organization?: string;
  roles?: number;
  permissions?: number;
  /** In shape `list`: how many projects and organizations the claim merges. */
  projects?: number;
  organizations?: number;
  ms?: number;
};

/**
 * Creates the function.
 *
 * @param services What handling a request needs.
 * @returns The handler of all requests.
 */
export function createHandler(services: Services): Handler {
  const { now, log, timeout, telemetry } = services;
  const logLimited = createLogLimiter({ log, timeout });
  const watchClaim = createClaimWatch({ log, telemetry });

  return async function handle(request) {
    const begin = now();
    const path = pathOf(request);
    if (path === "/healthz") return health(request);
    const record: CallRecord = {
      level: "info",
      message: "Answered",
      condition: "none",
      outcome: "internal_error",
    };
    let response: Response;
    let entry: LogEntry = record;
    try {
      requireCall(request, path);
      const reply = await answer(request, {
        services,
        record,
        watchClaim,
        // It starts at the first wait.
        deadline: services.createLazyDeadline(),
      });
      response = new Response(reply, { headers: JSON_TYPE });
    } catch (error) {
      const failure = describeFailure(error);
      record.outcome = failure.code;
      entry = Object.assign(record, failure.entry);
      response = refuse(failure);
    }
    record.ms = now() - begin;
    telemetry.call(record.outcome, record.condition, record.ms);
    const isVerified = record.signingKey !== undefined;
    if (isVerified) log(entry);
    else logLimited(String(entry.reason ?? record.outcome), entry);
    return response;
  };
}

/** What answering one call needs. */
interface Call {
  readonly services: Services;
  /** Completed on the way. */
  readonly record: CallRecord;
  readonly watchClaim: WatchClaim;
  /** For all that it waits for at ZITADEL. */
  readonly deadline: Deadline;
}

/** Verifies and parses one request, and returns the reply as JSON. */
async function answer(request: Request, call: Call): Promise<string> {
  const { services, record } = call;
  const { body, signingKey } = await services.authenticate(request);
  record.signingKey = signingKey;
  const opened = services.openEnvelope(body, call.deadline);
  const payload = parsePayload(
    opened instanceof Promise ? await opened : opened,
  );
  return isEvent(payload)
    ? await answerEvent(payload, call)
    : await answerFunction(payload, call);
}

/** Collects the roles, looks the mapping up, maps, and replies. */
async function answerFunction(
  payload: FunctionCall,
  call: Call,
): Promise<string> {
  const { record } = call;
  const { config } = call.services;
  record.condition = payload.function;
  if (payload.function === CANARY_FUNCTION) {
    record.outcome = "canary";
    return JSON.stringify({ canary: call.services.identity });
  }
  if (!FUNCTIONS.has(payload.function)) {
    record.outcome = "unknown_function";
    return NOTHING;
  }

  // SAML's payload has no `org`; a user belongs to the user's resource owner.
  const userOrganization = payload.org?.id ?? payload.user?.resource_owner ??
    undefined;
  // Also without roles: the claim would not be ours.
  refuseTakenClaims(payload.userinfo, {
    names: [config.claim, config.rolesClaim],
    organization: userOrganization,
  });
  const grants = roleGrants(payload.user_grants, config.projects);
  if (grants.length === 0) {
    record.outcome = "no_roles";
    return NOTHING;
  }

  const granted = await mapGrants(grants, { payload, userOrganization }, call);
  const { body: reply, added } = buildReply(payload, {
    claim: config.claim,
    shape: config.shape,
    granted,
    rolesClaim: config.rolesClaim,
    roles: grants.flatMap(({ roles }) => roles),
  });
  record.outcome = "permissions";
  if (config.logLevel === "info") {
    describeReply(record, { grants, granted, config });
  }
  for (const claim of added) call.watchClaim(claim, record.organization!);
  return JSON.stringify(reply);
}

/** Looks up the mappings that count for the grants, and maps the grants by them. */
async function mapGrants(
  grants: readonly RoleGrant[],
  { payload, userOrganization }: {
    readonly payload: FunctionCall;
    readonly userOrganization: string | undefined;
  },
  { services, record, deadline }: Call,
): Promise<readonly GrantedPermissions[]> {
  const { metadataOrganization, projects } = services.config;
  const organizationOf = chooseOrganization(
    metadataOrganization,
    userOrganization,
  );
  const organizations = distinct(
    grants.map(({ resourceOwner }) => organizationOf(resourceOwner)),
  );
  record.organization = organizations.join(",");
  const lookups = await lookUp(organizations, {
    services,
    deadline,
    userOrganization,
  });
  record.source = lookups.map(({ source }) => source).join(",");
  return permissionsOfGrants(grants, {
    mappingOf: ({ resourceOwner }) =>
      lookups[organizations.indexOf(organizationOf(resourceOwner))]!.mapping,
    isKnownProject: knownProjects(
      projects,
      payload.user_grants!.map(({ project_id }) => project_id),
    ),
  });
}

/** Drops the mapping that an event reports as changed. */
async function answerEvent(
  { event_type, aggregateID, sequence }: Event,
  { services, record }: Call,
): Promise<string> {
  record.condition = event_type;
  record.outcome = "ignored";
  if (!event_type.startsWith(METADATA_EVENT_PREFIX)) return NOTHING;
  record.organization = aggregateID;
  const { metadataOrganization } = services.config;
  if (!canCount(metadataOrganization, aggregateID)) return NOTHING;
  const isNew = await services.cache.invalidate(aggregateID, sequence);
  if (isNew) record.outcome = "invalidated";
  return NOTHING;
}

function buildReply(payload: FunctionCall, contents: Contents): Reply {
  const { append_claims, append_attribute } = payload.response ?? {};
  return payload.function === "function/presamlresponse"
    ? attributesReply(contents, append_attribute)
    : claimsReply(contents, append_claims);
}

/** Completes the log line of a call that was answered with permissions. */
function describeReply(
  record: CallRecord,
  { grants, granted, config }: {
    readonly grants: readonly RoleGrant[];
    readonly granted: readonly GrantedPermissions[];
    readonly config: Config;
  },
): void {
  record.roles = grants.reduce((sum, { roles }) => sum + roles.length, 0);
  record.permissions = permissionsIn(granted).length;
  if (config.shape !== "list") return;
  record.projects = distinct(granted.map(({ projectId }) => projectId)).length;
  record.organizations =
    distinct(granted.map(({ organization }) => organization)).length;
}
