/**
 * The errors that the function raises: what the caller is told (a fixed code),
 * and what the operator is told (a message, a reason and a remedy).
 *
 * @module
 */
import type { LogEntry } from "./observability/log.ts";

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
  | "overloaded"
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
  overloaded: 503,
  upstream_timeout: 504,
};

/**
 * Why a call failed, or what needs attention though it was answered: one word
 * for dashboards and alerts.
 */
export const REASONS = [
  "missing_permission",
  "credential_rejected",
  "unknown_instance",
  "intercepted",
  "rate_limited",
  "unreachable",
  "timeout",
  "no_metadata_api",
  "unreadable_answer",
  "unreadable_entries",
  "unstable_listing",
  "large_claim",
  "replaced_claim",
  "omitted_values",
  "wrong_path",
  "unknown_key",
  "missing_setting",
] as const;

/** One of {@linkcode REASONS}. */
export type FailureReason = typeof REASONS[number];

/** What an operator needs beside the message. */
export interface FailureDetails {
  /** One word for dashboards and alerts. */
  readonly reason?: FailureReason;
  /** What to do about it. */
  readonly remedy?: string;
  /** The organization whose mapping was needed. */
  readonly organization?: string;
  /** Whether the cause is what that organization wrote: ZITADEL and other organizations are fine. */
  readonly liesInContent?: boolean;
  /** What was caught; only its class may reach the log. */
  readonly cause?: unknown;
}

/**
 * The one error that the handler expects. Its message is for the
 * operator's log and holds no secret and nothing personal; the caller sees the
 * code alone.
 */
export class FunctionError extends Error {
  /** What the caller is told. */
  readonly code: ErrorCode;
  /** What the operator is told beside the message. */
  readonly details: FailureDetails;

  /**
   * Creates an error.
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

/** How many frames of a bug's stack the log shows. */
const MAX_FRAMES = 10;

/** The response and the log line that an error leads to. */
export interface Failure {
  /** What the caller is told. */
  readonly code: ErrorCode;
  /** The HTTP status. */
  readonly status: number;
  /** What the operator is told. */
  readonly entry: LogEntry;
}

/**
 * Describes an error for the caller and for the operator. Of an error that the
 * function did not raise itself, only the class, the code and the stack frames
 * are used: its message may quote what must not be logged.
 *
 * @param error What was thrown.
 * @returns The response and the log line.
 */
export function describeFailure(error: unknown): Failure {
  const known = error instanceof FunctionError ? error : undefined;
  const code = known?.code ?? "internal_error";
  const status = STATUS[code];
  const { reason, remedy, organization, cause } = known?.details ?? {};
  return {
    code,
    status,
    entry: {
      level: levelOf(code, reason),
      message: known?.message ?? "The function has a bug; please report it",
      status,
      reason,
      remedy,
      cause: nameOf(known ? cause : error),
      ...(organization !== undefined && { organization }),
      ...(known ? {} : { stack: framesOf(error) }),
    },
  };
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
