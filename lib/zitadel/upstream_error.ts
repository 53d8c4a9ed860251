/**
 * What can go wrong at ZITADEL: the faults that the calls of this folder throw,
 * and what an operator is told about each.
 *
 * @module
 */
import { type FailureReason, FunctionError } from "../errors.ts";
import type { ZitadelConnection } from "./connection.ts";

/** The kind of a fault: a reason for the operator, or a signal between the files of this folder. */
export type FaultKind =
  | Extract<
    FailureReason,
    | "missing_permission"
    | "credential_rejected"
    | "unknown_instance"
    | "intercepted"
    | "rate_limited"
    | "unreachable"
    | "timeout"
    | "no_metadata_api"
    | "unreadable_answer"
    | "unstable_listing"
  >
  /** The release does not have the API: ask the next one. */
  | "unimplemented"
  /** The answer is longer than the reading may hold: ask for less. */
  | "oversized";

/** What a fault carries beside its kind and message. */
export interface FaultDetails {
  /** What to do, if it is not what the kind's remedy says. */
  readonly remedy?: string | undefined;
  /** How long the answer is, in bytes, if it was announced. */
  readonly bytes?: number;
  /** Whether the cause is what the organization wrote: ZITADEL and other organizations are fine. */
  readonly liesInContent?: boolean;
  /** What was caught; only its class may reach the log. */
  readonly cause?: unknown;
}

/**
 * A failed request to ZITADEL. The message continues a sentence that begins
 * with the address, such as "answered 403 text/html", and quotes nothing else
 * of the answer.
 */
export class UpstreamFault extends Error {
  /** What kind of fault it is. */
  readonly kind: FaultKind;
  /** What it carries beside. */
  readonly details: FaultDetails;

  /**
   * Creates a fault.
   *
   * @param kind What kind of fault it is.
   * @param seen What was seen.
   * @param details What it carries beside.
   */
  constructor(kind: FaultKind, seen: string, details: FaultDetails = {}) {
    super(seen, { cause: details.cause });
    this.name = "UpstreamFault";
    this.kind = kind;
    this.details = details;
  }
}

/**
 * Reports whether an error is a fault of a kind.
 *
 * @param error What was thrown.
 * @param kind The kind.
 * @returns `true` if it is.
 */
export function isFault(error: unknown, kind: FaultKind): boolean {
  return error instanceof UpstreamFault && error.kind === kind;
}

/**
 * Creates the fault of an organization with more metadata than is read.
 *
 * @param maxBytes How much is read, in bytes.
 * @param kind What kind of fault it is to the caller.
 * @returns The fault.
 */
export function tooMuchMetadata(
  maxBytes: number,
  kind: "oversized" | "unreadable_answer" = "unreadable_answer",
): UpstreamFault {
  return new UpstreamFault(
    kind,
    `has more than ${maxBytes} bytes of metadata for it`,
    {
      remedy: "Remove entries that are no roles, or make permissions coarser",
      liesInContent: true,
    },
  );
}

/** What was being done when a request failed. */
export interface FailedAction {
  /** What cannot be done, such as "Cannot read the metadata of organization 1". */
  readonly action: string;
  /** The connection that was used. */
  readonly connection: ZitadelConnection;
  /** The settings that hold the service user's credential, by name. */
  readonly credential?: string;
  /** The organization it was for. */
  readonly organization?: string;
  /** The deadline. */
  readonly signal?: AbortSignal;
}

/**
 * Describes a failed request for the caller and the operator.
 *
 * @param error What was thrown.
 * @param failed What was being done.
 * @returns The error to throw; an error that is not about ZITADEL as it is.
 */
export function upstreamError(error: unknown, failed: FailedAction): unknown {
  if (error instanceof FunctionError) return error;
  const { action, connection, organization } = failed;
  const fault = failed.signal?.aborted
    ? new UpstreamFault("timeout", "did not answer in time", { cause: error })
    : error;
  if (!(fault instanceof UpstreamFault)) return error;
  // The signals between files are handled there: whatever is left of them
  // means an answer that cannot be used.
  const reason = fault.kind === "unimplemented" || fault.kind === "oversized"
    ? "unreadable_answer"
    : fault.kind;
  return new FunctionError(
    reason === "timeout" ? "upstream_timeout" : "upstream_failed",
    `${action}: ${subject(reason, fault, failed)}`,
    {
      reason,
      remedy: fault.details.remedy ?? REMEDIES[reason](failed),
      cause: fault.cause ?? fault,
      liesInContent: fault.details.liesInContent ?? false,
      ...(organization !== undefined && { organization }),
    },
  );

  function subject(
    reason: Reason,
    { message }: UpstreamFault,
    { credential }: FailedAction,
  ): string {
    switch (reason) {
      case "missing_permission":
        return "the service user lacks org.read on it, or there is no such organization";
      case "credential_rejected":
        return `${connection.baseUrl} refused the service user's ${credential}`;
      default:
        return `${connection.baseUrl} ${message}`;
    }
  }
}

/**
 * Returns the name of the setting that holds the address at which ZITADEL is reached.
 *
 * @param connection The connection.
 * @returns The setting's name.
 */
export function addressSetting(
  { instanceHost }: Pick<ZitadelConnection, "instanceHost">,
): "ZITADEL_DOMAIN" | "ZITADEL_INTERNAL_URL" {
  return instanceHost === undefined ? "ZITADEL_DOMAIN" : "ZITADEL_INTERNAL_URL";
}

type Reason = Exclude<FaultKind, "unimplemented" | "oversized">;

const REMEDIES: Readonly<Record<Reason, (failed: FailedAction) => string>> = {
  missing_permission: ({ organization }) =>
    `Make the service user a manager of organization ${organization} with the role ORG_OWNER_VIEWER, or of the instance with IAM_OWNER_VIEWER`,
  credential_rejected: () =>
    "Create a new credential for the service user: this one is expired, revoked or of another instance",
  unknown_instance: ({ connection }) =>
    connection.instanceHost === undefined
      ? "Set ZITADEL_DOMAIN to a domain of the instance, and let proxies pass the Host header on; if ZITADEL is reached at another address than its domain, set ZITADEL_INTERNAL_URL to that address"
      : `Set ZITADEL_DOMAIN to a domain of the instance (now ${connection.instanceHost}), and let proxies between here and ZITADEL_INTERNAL_URL pass the headers Host and x-zitadel-instance-host on`,
  intercepted: ({ connection }) =>
    `Let gRPC-web POSTs, and those to /oauth/v2, through to ZITADEL: a proxy, firewall or login page answered instead; check ${
      addressSetting(connection)
    }`,
  rate_limited: () =>
    "Raise the limit, or CACHE_FRESH_SECONDS to ask less often",
  unreachable: ({ connection }) =>
    `Check that ZITADEL runs, and that ${
      addressSetting(connection)
    } is right and reachable from here`,
  timeout: () =>
    "Check whether ZITADEL is slow or cut off from here; UPSTREAM_TIMEOUT_MS is the time it is given",
  no_metadata_api: ({ connection }) =>
    `Check that ${
      addressSetting(connection)
    } is a ZITADEL of v3 or later, and that proxies let gRPC-web through`,
  unreadable_answer: ({ connection }) =>
    `Check that ${
      addressSetting(connection)
    } is a ZITADEL and no proxy changes its answers`,
  unstable_listing: () =>
    "Find and stop whatever keeps writing this organization's metadata",
};
