import { type ErrorCode, FunctionError, STATUS } from "./errors.ts";
import type { LogEntry } from "./observability/log.ts";

/** How many frames of a bug's stack the log shows. */
const MAX_FRAMES = 10;

/** What becomes of an error. */
export interface Failure {
  /** What the caller is told. */
  readonly code: ErrorCode;
  /** The HTTP status. */
  readonly status: number;
  /** What the operator is told. */
  readonly entry: LogEntry;
}

/**
 * Says what the caller and the operator are told of an error. Of one that the
 * function did not raise itself only the class, the code and the place: its
 * message may quote what must not be logged.
 *
 * @param error What was thrown.
 * @returns What becomes of it.
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
      level: levelOf(status),
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

/** Scanners ask for other paths all day: nobody need look at those. */
function levelOf(status: number): LogEntry["level"] {
  if (status >= 500) return "error";
  return status === STATUS.not_found || status === STATUS.method_not_allowed
    ? "info"
    : "warn";
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
