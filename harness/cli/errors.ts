import { EXIT, type ExitCode } from "./exit.ts";
import { messageOf } from "./terminal.ts";

/** A mistake in how a command was called. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A setting that is missing or wrong. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/** The user or the system asked the command to stop; the message says what was left. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/** How a command reports what it threw. */
export interface Failure {
  readonly code: ExitCode;
  /** `error`, or another word for what happened. */
  readonly label: string;
  readonly message: string;
}

/** Enough of a stack to find the place, and short enough to read. */
const STACK_LINES = 5;

/**
 * Chooses the exit code and the words for what a command threw. Errors of the
 * language itself, such as a `TypeError`, are faults of the command; every other
 * error describes something that the user can act on.
 */
export function describeFailure(error: unknown, task: string): Failure {
  if (error instanceof UsageError) {
    const message = `${error.message}; see \`deno task ${task} --help\``;
    return { code: EXIT.usage, label: "error", message };
  }
  if (error instanceof Interrupted) {
    const { message } = error;
    return { code: EXIT.interrupted, label: "interrupted", message };
  }
  if (isCrash(error)) return describeCrash(error, task);
  const code = error instanceof SettingsError ? EXIT.usage : EXIT.failed;
  return { code, label: "error", message: messageOf(error) };
}

/** An error that the command did not even catch is always its own fault. */
export function describeCrash(error: unknown, task: string): Failure {
  const message = `${stackOf(error)}
This is a fault of \`deno task ${task}\`. Please report it, with the lines above.`;
  return { code: EXIT.crash, label: "crash", message };
}

function isCrash(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  // `fetch` reports an unreachable server as a `TypeError` that has a cause.
  const isNetworkError = error instanceof TypeError &&
    /^(?:fetch failed|error sending request|error reading a body)/i
      .test(error.message);
  return !isNetworkError &&
    /^(?:Eval|Range|Reference|Syntax|Type|URI|Assertion)Error$/
      .test(error.name);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return `Thrown: ${error}`;
  const stack = error.stack ?? String(error);
  return stack.split("\n").slice(0, STACK_LINES).join("\n");
}
