/**
 * What can go wrong at ZITADEL: the fault that the calls of this folder throw,
 * and the error that the caller and the operator get to see.
 *
 * @module
 */
import {
  type FailureDetails,
  type FailureReason,
  FunctionError,
} from "../errors.ts";

/** Why a request failed: a reason for the operator, or a signal between the files of this folder. */
export type FaultKind =
  | FailureReason
  /** The release does not have the API: ask the next one. */
  | "unimplemented"
  /** The answer is longer than a reading may hold: ask for less. */
  | "oversized";

/** What was seen if it is always the same. */
const SEEN: Readonly<Partial<Record<FaultKind, string>>> = {
  credential_rejected: "ZITADEL refused the service user's credential",
  missing_permission:
    "the service user lacks org.read on it, or there is no such organization",
  timeout: "ZITADEL did not answer in time",
  unimplemented: "the release has no such API",
  unknown_instance: "ZITADEL has no instance at this host: Instance not found",
};

/**
 * A failed request to ZITADEL. The message is a clause such as "the answer is
 * 403 text/html", and quotes nothing else of the answer.
 */
export class UpstreamFault extends Error {
  override readonly name = "UpstreamFault";
  readonly fields: FailureDetails["fields"];

  constructor(
    readonly kind: FaultKind,
    seen: string = SEEN[kind] ?? kind,
    { cause, fields }: Pick<FailureDetails, "cause" | "fields"> = {},
  ) {
    super(seen, { cause });
    this.fields = fields;
  }
}

/** Reports whether an error is a fault of a kind. */
export function isFault(error: unknown, kind: FaultKind): boolean {
  return error instanceof UpstreamFault && error.kind === kind;
}

/**
 * Describes a failed request for the caller and the operator. An error that is
 * not about ZITADEL is returned as it is.
 */
export function upstreamError(
  error: unknown,
  { action, connection, credential, organization, signal }: {
    /** What cannot be done, such as "Cannot read the metadata of organization 1". */
    readonly action: string;
    readonly connection: { readonly baseUrl: string };
    /** The settings that hold the service user's credential, by name. */
    readonly credential?: string;
    readonly organization?: string;
    /** The deadline: once it is over, the fault is that it is. */
    readonly signal?: AbortSignal | undefined;
  },
): unknown {
  if (error instanceof FunctionError) return error;
  const fault = signal?.aborted
    ? new UpstreamFault("timeout", undefined, { cause: error })
    : error;
  if (!(fault instanceof UpstreamFault)) return error;
  const { kind, message, fields } = fault;
  // Signals that are left mean an answer that cannot be used.
  const reason = kind === "unimplemented" || kind === "oversized"
    ? "unreadable_answer"
    : kind;
  return new FunctionError(
    reason === "timeout" ? "upstream_timeout" : "upstream_failed",
    `${action}: ${message}`,
    {
      reason,
      cause: fault.cause ?? fault,
      fields: {
        zitadel: connection.baseUrl,
        ...fields,
        ...reason === "credential_rejected" && credential && { credential },
      },
      ...organization !== undefined && { organization },
    },
  );
}
