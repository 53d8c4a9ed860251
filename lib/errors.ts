/**
 * The errors that the function raises: what the caller is told (a fixed code),
 * and what the operator is told (a message, a reason and a remedy).
 *
 * @module
 */
import type { LogEntry } from "./observability/log.ts";

/**
 * What the function tells a caller when it cannot answer, with the HTTP status.
 * The code is the whole error body; causes go to the log.
 */
export const STATUS = {
  invalid_signature: 401,
  invalid_payload: 400,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  internal_error: 500,
  upstream_failed: 502,
  overloaded: 503,
  upstream_timeout: 504,
} as const;

export type ErrorCode = keyof typeof STATUS;

/**
 * Why a call failed, or what needs attention though it was answered, with what
 * to do about it. A reason means one thing: what fails a call and what is only
 * remarked never share one. KV's failures, which fail no call, are `kv_failed`.
 */
export const REMEDIES = {
  missing_permission:
    "Make the service user a manager of the organization with the role ORG_OWNER_VIEWER, or of the instance with IAM_OWNER_VIEWER: deno task setup --service-user does it for the user that it created",
  credential_rejected:
    "The credential is expired, revoked or of another instance: deno task setup --service-user creates a new one; for a key file, check the clock here and ZITADEL_DOMAIN too, which is its audience",
  unknown_instance:
    "Set ZITADEL_DOMAIN to a domain of the instance, and let proxies pass the headers Host and x-zitadel-instance-host on; if ZITADEL is reached at another address than its domain, set ZITADEL_INTERNAL_URL to that address",
  intercepted:
    "A proxy, firewall or login page answered instead of ZITADEL: let gRPC-web POSTs and those to /oauth/v2 through, and check ZITADEL_DOMAIN or ZITADEL_INTERNAL_URL",
  rate_limited: "Raise the limit, or CACHE_FRESH_SECONDS to ask less often",
  unreachable:
    "Check that ZITADEL runs, also behind a proxy that answers for it, and that ZITADEL_DOMAIN or ZITADEL_INTERNAL_URL is right and reachable from here; deno task doctor names the cause",
  timeout:
    "Check that ZITADEL is neither slow nor cut off from here; UPSTREAM_TIMEOUT_MS is the time it is given",
  no_metadata_api:
    "Check that ZITADEL_DOMAIN or ZITADEL_INTERNAL_URL is a ZITADEL of v3 or later, and that proxies let gRPC-web through",
  unreadable_answer:
    "Check that ZITADEL_DOMAIN or ZITADEL_INTERNAL_URL is a ZITADEL and that no proxy changes its answers; if the message names a size, remove entries that are not roles, or grant coarser permissions",
  unreadable_entries:
    'Write each as a JSON array of strings, such as ["posts:read"]; entries that are not roles can stay. deno task doctor says what is wrong with each',
  unstable_listing:
    "Find and stop whatever keeps writing this organization's metadata",
  large_claim:
    "Give coarser permissions to the roles, or list the projects that count in PROJECTS",
  long_claim:
    "Give coarser permissions to the roles, or let applications use introspection (preuserinfo) instead of long tokens",
  replaced_claim:
    "Remove the action from the organization's flow Complement Token, or rename the claim (PERMISSIONS_CLAIM, ROLES_CLAIM); keep interruptOnError on, or ZITADEL issues the token with the action's value",
  replaced_value:
    "Give one of the two claims another name (PERMISSIONS_CLAIM, ROLES_CLAIM), or let both have the same shape",
  omitted_values:
    "Rename them, or set PERMISSIONS_SHAPE to a shape that can carry them",
  foreign_grants:
    "Ask the organization's administrators to fix its metadata, or set GRANTED_BY to the organizations whose grants count",
  unlisted_application:
    "ZITADEL names the application from v4.0 on: update it, or unset APPLICATIONS",
  expiring_credential:
    "Create a new credential before then: deno task rotate --credential",
  wrong_path:
    "Set the target's endpoint to the function's address without a path (deno task setup --endpoint URL), or let the proxy remove its prefix",
  unknown_key:
    "Set PAYLOAD_PRIVATE_KEY to the private key whose public half the target was given; during a rotation, to a JWK set of both",
  missing_setting:
    "Set PAYLOAD_PRIVATE_KEY to the private key whose public half the target was given, or choose another payload type for the target",
} as const;

/** One of {@linkcode REMEDIES}. */
export type FailureReason = keyof typeof REMEDIES;

/** What an operator needs beside the message. */
export interface FailureDetails {
  /** One word for dashboards and alerts. */
  readonly reason?: FailureReason;
  /** What to do about it, if that is not what {@linkcode REMEDIES} says of the reason. */
  readonly remedy?: string;
  /** What else the log line names, as plain values. */
  readonly fields?: Readonly<Record<string, string | number>>;
  readonly organization?: string | undefined;
  /** What was caught; only its class may reach the log. */
  readonly cause?: unknown;
}

/**
 * The one error that the handler expects. Its message is for the
 * operator's log and holds no secret and nothing personal; the caller sees the
 * code alone.
 */
export class FunctionError extends Error {
  override readonly name = "FunctionError";
  readonly details: FailureDetails;

  constructor(
    readonly code: ErrorCode,
    message: string,
    { reason, ...details }: FailureDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.details = reason
      ? { reason, remedy: REMEDIES[reason], ...details }
      : details;
  }
}

/** Builds the warning about a call that was answered nevertheless. */
export function remark(
  reason: FailureReason,
  message: string,
  fields: Omit<LogEntry, "level" | "message"> = {},
): LogEntry {
  const remedy = REMEDIES[reason];
  return { level: "warn", message, reason, remedy, ...fields };
}

/** How many frames of a bug's stack the log shows. */
const MAX_FRAMES = 10;

/** The response and the log line that an error leads to. */
export type Failure = ReturnType<typeof describeFailure>;

/**
 * Describes an error for the caller and for the operator. Of an error that the
 * function did not raise itself, only the class, the code and the stack frames
 * are used: its message may quote what must not be logged.
 */
export function describeFailure(error: unknown) {
  const known = error instanceof FunctionError ? error : undefined;
  const code = known?.code ?? "internal_error";
  const status = STATUS[code];
  const { reason, remedy, organization, cause, fields } = known?.details ?? {};
  const entry: LogEntry = {
    level: levelOf(code, reason),
    message: known?.message ?? "The function has a bug; please report it",
    status,
    reason,
    remedy,
    cause: nameOf(known ? cause : error),
    ...organization !== undefined && { organization },
    ...fields,
    ...!known && { stack: framesOf(error) },
  };
  return { code, status, entry };
}

/** Scanners request other paths all day: no one needs to look at those. */
function levelOf(
  code: ErrorCode,
  reason: FailureReason | undefined,
): LogEntry["level"] {
  const isScan = code === "not_found" || code === "method_not_allowed";
  if (isScan && reason === undefined) return "info";
  return STATUS[code] >= 500 && code !== "overloaded" ? "error" : "warn";
}

function nameOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (!(error instanceof Error)) return typeof error;
  const code = "code" in error ? ` ${error.code}` : "";
  return `${error.name}${code}`;
}

function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message, stack = "" } = error;
  // The message comes first, and may have lines that look like frames.
  const end = stack.indexOf(message);
  if (end < 0) return undefined;
  return stack.slice(end + message.length).split("\n")
    .filter((line) => /^ +at /.test(line)).slice(0, MAX_FRAMES).join("\n");
}

/** Describes why the function cannot start: the settings' problems, or what listening failed with. */
export function describeStartFailure(error: unknown): unknown {
  if (error instanceof TypeError) return error.message;
  if (error instanceof Deno.errors.AddrInUse) {
    return "Cannot start: PORT is in use; set another one";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "Cannot start: this process may not listen on PORT; ports below 1024 need privileges";
  }
  if (/^NotCapable: Requires net access/.test(String(error))) {
    return "Cannot start: HOST is not what --allow-net lists; set it to an address such as 0.0.0.0 or ::, without a zone";
  }
  const isAddress = error instanceof Deno.errors.AddrNotAvailable ||
    /failed to lookup address/.test(String(error));
  return isAddress
    ? "Cannot start: HOST is not an address of this machine; set it to 0.0.0.0 for all of them"
    : error;
}

/** Describes why the server listens again. */
export function describeRestart(error: unknown): LogEntry {
  return {
    level: "error",
    message: "Cannot accept more connections: listening again",
    cause: error instanceof Error ? error.name : typeof error,
    remedy: "Raise the limit of open files, or bound the connections",
  };
}
