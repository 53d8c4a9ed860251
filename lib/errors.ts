/**
 * What the function tells a caller when it cannot answer. The code is the whole
 * error body, so it is part of the HTTP contract; causes go to the log.
 */
export type ErrorCode =
  | "invalid_signature"
  | "invalid_payload"
  | "not_found"
  | "method_not_allowed"
  | "payload_too_large"
  | "internal_error"
  | "upstream_failed"
  | "upstream_timeout";

/** The HTTP status of each code. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_signature: 401,
  invalid_payload: 400,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  internal_error: 500,
  upstream_failed: 502,
  upstream_timeout: 504,
};

/** Why the function failed, as one word for dashboards and alerts. */
export type FailureReason =
  | "credential_rejected"
  | "missing_permission"
  | "no_metadata_api"
  | "rate_limited"
  | "unreachable"
  | "timeout"
  | "unreadable_answer"
  | "unstable_listing"
  | "unknown_key"
  | "missing_setting";

/** What an operator needs beside the message. */
export interface FailureDetails {
  /** One word for dashboards and alerts. */
  readonly reason?: FailureReason;
  /** What to do about it. */
  readonly remedy?: string;
  /** The organization that was asked for. */
  readonly organization?: string;
  /** What was caught; only its class may reach the log. */
  readonly cause?: unknown;
}

/**
 * The one error the function raises on purpose. Its message is for the
 * operator's log and holds no secret and nothing personal; the caller sees the
 * code alone.
 */
export class FunctionError extends Error {
  /** What the caller is told. */
  readonly code: ErrorCode;
  /** What the operator is told beside the message. */
  readonly details: FailureDetails;

  /**
   * Makes an error.
   *
   * @param code What the caller is told.
   * @param message What happened, for the log.
   * @param details What the operator needs beside it.
   */
  constructor(code: ErrorCode, message: string, details: FailureDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "FunctionError";
    this.code = code;
    this.details = details;
  }
}
