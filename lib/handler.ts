/**
 * The function: ZITADEL's call in, the permissions claim out. It reads like Step
 * 3 of ZITADEL's guide: `answer()` verifies and parses, `answerFunction()`
 * collects the roles, `answerGrants()` fetches the mapping, maps and replies.
 *
 * @module
 */
import {
  type RoleGrant,
  roleGrants,
  SAML_FUNCTION,
  userOrganizationOf,
  whyUnlisted,
} from "./claims/grants.ts";
import {
  type Granted,
  permissionsIn,
  permissionsOfGrants,
} from "./claims/permissions.ts";
import { buildReply, refuseTakenClaims } from "./claims/reply.ts";
import { createClaimWatch } from "./claims/watch_claim.ts";
import { foldName } from "./config/claim_name.ts";
import { describeFailure, type ErrorCode, remark } from "./errors.ts";
import { health, pathOf, refuse, requireCall } from "./http.ts";
import { lookUp } from "./look_up.ts";
import {
  canCount,
  chooseOrganization,
  isForeign,
} from "./mapping/organization.ts";
import { knownProjects } from "./mapping/role_mapping.ts";
import type { LogEntry } from "./observability/log.ts";
import {
  createLogLimiter,
  createTenantLog,
} from "./observability/log_limiter.ts";
import {
  type Event,
  type FunctionCall,
  isEvent,
  parsePayload,
} from "./request/payload.ts";
import type { Services } from "./services.ts";
import { distinct } from "./util/distinct.ts";

/** The functions of ZITADEL that are answered with permissions. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  "function/preaccesstoken",
  "function/preuserinfo",
  SAML_FUNCTION,
]);

/** The function of operator commands, which checks that an endpoint is this function. */
const CANARY_FUNCTION = "function/canary";

/** Events of this kind invalidate an organization's mapping. */
const METADATA_EVENT_PREFIX = "org.metadata.";

const NOTHING = {};

/** Answers a request; it never throws. */
export type Handler = (request: Request) => Promise<Response>;

/** What the log line and the metrics of a call say. */
type CallRecord = {
  readonly level: "info";
  readonly message: string;
  /** The function or the event; `none` before the payload is read. */
  condition: string;
  outcome:
    | "permissions"
    | "no_roles"
    | "unlisted_application"
    | "unknown_function"
    | "canary"
    | "invalidated"
    | "ignored"
    | ErrorCode;
  /** Which key the signature matches; `undefined` before it is verified. */
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

/** What the calls of one handler share. */
type HandlerState = ReturnType<typeof createState>;

/** What answering one call needs. */
interface Call {
  readonly state: HandlerState;
  /** Completed on the way. */
  readonly record: CallRecord;
  /** Returns the deadline for everything the call waits for at ZITADEL: its timer starts at the first wait. */
  readonly deadline: () => AbortSignal;
}

/** Creates the function: the handler of all requests. */
export function createHandler(services: Services): Handler {
  const { config, now, log, timeout, telemetry } = services;
  const logLimited = createLogLimiter({ log, timeout });
  const state = createState(services);

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
    let entry: LogEntry = record;
    let response: Response;
    try {
      requireCall(request, path);
      let signal: AbortSignal | undefined;
      const deadline = () => signal ??= timeout(config.upstreamTimeoutMs);
      const reply = await answer(request, { state, record, deadline });
      response = Response.json(reply);
    } catch (error) {
      const failure = describeFailure(error);
      record.outcome = failure.code;
      entry = Object.assign(record, failure.entry);
      response = refuse(failure);
    }
    record.ms = now() - begin;
    const { outcome, condition, ms } = record;
    telemetry?.call(outcome, condition, response.status, ms);
    const isVerified = record.signingKey !== undefined;
    if (isVerified) log(entry);
    else logLimited(String(entry.reason ?? record.outcome), entry);
    return response;
  };
}

function createState(services: Services) {
  const { config } = services;
  const claims = [config.claim, config.rolesClaim ?? config.claim];
  return {
    services,
    watchClaim: createClaimWatch(services),
    logForeign: createTenantLog(services),
    /** The folded names of the claims that the function sets. */
    ourClaims: new Set(claims.map(foldName)),
    /** The sequence of the last event that was sent. */
    lastEvent: null as number | null,
    /** Whether it was logged that ZITADEL names no application. */
    isUnnamedReported: false,
  };
}

/** Verifies and parses one request, and returns the reply. */
async function answer(request: Request, call: Call): Promise<unknown> {
  const { state: { services }, record } = call;
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

/** Answers what needs no look-up, and collects the roles for what does. */
async function answerFunction(
  payload: FunctionCall,
  call: Call,
): Promise<unknown> {
  const { state, record } = call;
  const { config, identity } = state.services;
  record.condition = payload.function;
  if (payload.function === CANARY_FUNCTION) {
    record.outcome = "canary";
    return { canary: { ...identity, event: state.lastEvent } };
  }
  if (!FUNCTIONS.has(payload.function)) {
    record.outcome = "unknown_function";
    return NOTHING;
  }

  // Also for an unlisted application: an action's claim would pass for ours.
  refuseTakenClaims(payload, state.ourClaims);
  const unlisted = whyUnlisted(payload, config.applications);
  if (unlisted) {
    record.outcome = "unlisted_application";
    if (unlisted === "unnamed") reportUnnamed(state);
    return NOTHING;
  }
  const grants = roleGrants(payload, config);
  if (grants.length > 0) return await answerGrants(grants, payload, call);
  record.outcome = "no_roles";
  // An attribute that an action set stays unless the reply has one of its name.
  return payload.function === SAML_FUNCTION
    ? buildReply(payload, config, []).body
    : NOTHING;
}

/** Looks up the mappings that count for the grants, maps the grants by them, and replies. */
async function answerGrants(
  grants: readonly RoleGrant[],
  payload: FunctionCall,
  { state: { services, watchClaim, logForeign }, record, deadline }: Call,
): Promise<unknown> {
  const { config } = services;
  const { metadataOrganization, projects } = config;
  const userOrganization = userOrganizationOf(payload);
  const organizationOf = chooseOrganization(
    metadataOrganization,
    userOrganization,
  );
  const isForeignToUser = (organization: string) =>
    isForeign(metadataOrganization, organization, userOrganization);
  const organizations = distinct(
    grants.map(({ organization }) => organizationOf(organization)),
  );
  const organization = record.organization = organizations.join(",");
  const lookups = await lookUp(organizations, {
    services,
    deadline,
    isForeign: isForeignToUser,
    logForeign,
  });
  record.source = organizations
    .map((organization) => lookups.get(organization)?.source ?? "failed")
    .join(",");
  const granted = permissionsOfGrants(grants, {
    mappingOf: ({ organization }) =>
      lookups.get(organizationOf(organization))?.mapping,
    isKnownProject: knownProjects(
      projects,
      payload.user_grants!.map(({ project_id }) => project_id),
    ),
    isForeign: isForeignToUser,
    onTooLong: (organization) =>
      logForeign(
        organization,
        remark(
          "foreign_grants",
          "The grants of a foreign organization give nothing: they are too long for a claim",
          { organization },
        ),
      ),
  });
  const { body, added } = buildReply(payload, config, granted);
  record.outcome = "permissions";
  if (config.logLevel === "info") {
    describeGranted(record, granted, config.shape === "list");
  }
  for (const claim of added) watchClaim(claim, organization);
  return body;
}

/** Completes the log line of a call that was answered with permissions. */
function describeGranted(
  record: CallRecord,
  granted: readonly Granted[],
  isMerged: boolean,
): void {
  record.roles = granted.reduce((sum, { roles }) => sum + roles.length, 0);
  record.permissions = permissionsIn(granted).length;
  if (!isMerged) return;
  const count = (id: "projectId" | "organization") =>
    new Set(granted.map((grant) => grant[id])).size;
  record.projects = count("projectId");
  record.organizations = count("organization");
}

/** Once: every login of a release before v4 comes here. */
function reportUnnamed(state: HandlerState): void {
  if (state.isUnnamedReported) return;
  state.isUnnamedReported = true;
  state.services.log(remark(
    "unlisted_application",
    "ZITADEL names no application: with APPLICATIONS set, tokens of users get no permissions",
  ));
}

/** Drops the mapping that an event reports as changed. */
async function answerEvent(
  { event_type, aggregateID, sequence }: Event,
  { state, record }: Call,
): Promise<unknown> {
  const { cache, config } = state.services;
  state.lastEvent = sequence ?? null;
  record.condition = event_type;
  record.outcome = "ignored";
  if (!event_type.startsWith(METADATA_EVENT_PREFIX)) return NOTHING;
  record.organization = aggregateID;
  if (!canCount(config.metadataOrganization, aggregateID)) return NOTHING;
  const isNew = await cache.invalidate(aggregateID, sequence);
  if (isNew) record.outcome = "invalidated";
  return NOTHING;
}
